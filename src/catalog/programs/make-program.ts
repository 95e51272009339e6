/** Creates programs from blueprints: the program, its lifts, its rules and their program rows. */
import { Decimal } from 'decimal.js';
import type { Transaction } from '../../store/database.ts';
import type { Lift } from '../../store/entities/lift.ts';
import { type Program, ProgramEntity } from '../../store/entities/program.ts';
import { ProgramLiftEntity } from '../../store/entities/program-lift.ts';
import {
  type ProgramProgression,
  ProgramProgressionEntity,
} from '../../store/entities/program-progression.ts';
import { type Progression, ProgressionEntity } from '../../store/entities/progression.ts';
import type { Instant } from '../../values/instant.ts';
import type { Blueprint, BlueprintPlace } from './blueprint.ts';
import type { ProgramWithLifts } from './programs.ts';

/**
 * Makes the id of a row from a name that identifies the row; random ids ignore it, deterministic ids derive
 * from it.
 */
export type IdMaker = (name: string) => string;

export interface MadeProgram extends ProgramWithLifts {
  readonly progressions: readonly Progression[];
  /** In the order in which the rules apply. */
  readonly rows: readonly ProgramProgression[];
}

/** Maps the blueprint's slugs to ids, and has the fields that all rows share. */
export interface Making {
  readonly accountId: string;
  readonly now: Instant;
  /** Every lift of the blueprint, by slug. */
  readonly lifts: ReadonlyMap<string, Lift>;
  readonly makeId: IdMaker;
}

/** The new rows of a program and of its rules; nothing is stored yet. */
export function makeProgram(blueprint: Blueprint, making: Making): MadeProgram {
  const { accountId, makeId } = making;
  const times = { createdAt: making.now, updatedAt: making.now };
  const { slug, name, description, source, unit, weeksPerCycle, sessionsPerWeek } = blueprint;
  const program: Program = {
    ...{ accountId, id: makeId(`program/${slug}`), slug, name, description, source, unit },
    ...{ weeksPerCycle, sessionsPerWeek, revision: 1n, ...times, deletedAt: null },
    loadStep: decimalOf(blueprint.loadStep),
    trainingMaxPercent: decimalOf(blueprint.trainingMaxPercent),
    days: blueprint.days.map(({ slug: daySlug, liftSlugs, prescriptions }) => ({
      slug: daySlug,
      liftIds: liftSlugs.map((liftSlug) => liftOf(making, liftSlug).id),
      ...(prescriptions && {
        prescriptions: prescriptions.map(({ liftSlug, ...groups }) => ({
          ...{ liftId: liftOf(making, liftSlug).id, ...groups },
        })),
      }),
    })),
  };
  const rules = blueprint.rules.map((rule, index) => {
    const ruleName = `program/${slug}/rule/${index}`;
    const progression: Progression = {
      ...{ accountId, id: makeId(ruleName), name: rule.name, type: rule.type },
      ...{ parameters: { ...rule.parameters }, ...times, deletedAt: null },
    };
    const rows = rule.places.map((place) => placeRow(place, program, progression, making, ruleName));
    return { progression, rows };
  });
  return {
    program,
    lifts: blueprint.lifts.map((lift) => liftOf(making, lift.slug)),
    progressions: rules.map(({ progression }) => progression),
    rows: rules.flatMap(({ rows }) => rows).toSorted(byOrderOfApplication),
  };
}

/** Stores all rows, with one statement for each table. SLUG_TAKEN when a live program has a slug. */
export async function insertPrograms(
  { em, accountId }: Transaction,
  made: readonly MadeProgram[],
): Promise<void> {
  const programLifts = made.flatMap(({ program, lifts }) =>
    lifts.map((lift, position) => ({ accountId, programId: program.id, liftId: lift.id, position })),
  );
  await em.insertMany(
    ProgramEntity,
    made.map(({ program }) => program),
  );
  await em.insertMany(ProgramLiftEntity, programLifts);
  await em.insertMany(
    ProgressionEntity,
    made.flatMap(({ progressions }) => progressions),
  );
  await em.insertMany(
    ProgramProgressionEntity,
    made.flatMap(({ rows }) => rows),
  );
}

function placeRow(
  place: BlueprintPlace,
  program: Program,
  progression: Progression,
  making: Making,
  ruleName: string,
): ProgramProgression {
  const { liftSlug, priority, enabled, overrideIncrement } = place;
  return {
    accountId: making.accountId,
    id: making.makeId(`${ruleName}/${liftSlug ?? ''}`),
    programId: program.id,
    progressionId: progression.id,
    liftId: liftSlug === null ? null : liftOf(making, liftSlug).id,
    priority,
    enabled,
    overrideIncrement: overrideIncrement === null ? null : new Decimal(overrideIncrement),
    createdAt: making.now,
    updatedAt: making.now,
  };
}

function liftOf({ lifts }: Making, slug: string): Lift {
  const lift = lifts.get(slug);
  if (!lift) {
    throw new TypeError(`the blueprint names a lift ${slug} that it does not list`);
  }
  return lift;
}

function decimalOf(text: string | undefined): Decimal | null {
  return text === undefined ? null : new Decimal(text);
}

function byOrderOfApplication(a: ProgramProgression, b: ProgramProgression): number {
  return a.priority - b.priority || (a.id < b.id ? -1 : 1);
}
