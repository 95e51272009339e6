/** Finds the program to replay on: the one given, that of an earlier replay, or the one that fits the log best. */
import { ProgressionType } from '../../src/gen/progression/v1/common_pb.ts';
import {
  type CatalogProgram,
  type Program,
  WeightUnit,
} from '../../src/gen/progression/v1/program_service_pb.ts';
import { type ExerciseMapping, liftOfExercise } from '../../src/training-logs/lift-names.ts';
import type { WeightUnit as LogUnit, TrainingLog } from '../../src/training-logs/training-log.ts';
import { newId } from '../../src/values/new-id.ts';
import { nothingUsable, ReplayError } from './refusal.ts';
import type { ReplayedProgram } from './replayed-program.ts';
import { type ServiceClients, write } from './service-clients.ts';

type Programs = ServiceClients['programs'];

const PAGE_SIZE = 500;
const UNITS: ReadonlyMap<WeightUnit, LogUnit> = new Map([
  [WeightUnit.KILOGRAM, 'kg'],
  [WeightUnit.POUND, 'lb'],
]);

const AMRAP_TYPES: ReadonlySet<ProgressionType> = new Set([
  ProgressionType.AMRAP_PROGRESSION,
  ProgressionType.GREYSKULL_PROGRESSION,
  ProgressionType.ESTIMATE_PROGRESSION,
]);

export interface ProgramRequest {
  readonly log: TrainingLog;
  readonly mapping: ExerciseMapping;
  /** Undefined: the log's own program, that of its earlier replay, or the one of the catalogue that fits best. */
  readonly programSlug: string | undefined;
  /** Does not copy the catalogue's program: the result has slugs instead of ids, and no days. */
  readonly isDryRun: boolean;
  /** Whether a beginning of the log was replayed on the program. */
  wasReplayedOn(program: ReplayedProgram): Promise<boolean>;
}

export interface FoundProgram {
  readonly program: ReplayedProgram;
  /** `GIVEN`: by the request or the log. */
  readonly choice: 'GIVEN' | 'EARLIER_REPLAY' | 'BEST_FIT';
}

/**
 * The account's program with the given slug; without one, a copy of the catalogue's. Without a slug, the program of an
 * earlier replay is used first, because another one may fit a longer log better. Throws ReplayError with the existing
 * programs when neither has the slug, and when no program of the catalogue trains a lift of the log.
 */
export async function findProgram(programs: Programs, request: ProgramRequest): Promise<FoundProgram> {
  const { programs: catalog } = await programs.listCatalogPrograms({});
  const own = await listPrograms(programs);
  const given = request.programSlug ?? request.log.programSlug;
  if (given !== null) {
    return { program: await takeProgram(programs, given, own, catalog, request), choice: 'GIVEN' };
  }
  const fitting = fittingPrograms(request, catalog);
  for (const { slug } of fitting) {
    const program = await replayedOf(programs, own, slug);
    if (program && (await request.wasReplayedOn(program))) {
      return { program, choice: 'EARLIER_REPLAY' };
    }
  }
  const best = fitting[0]?.slug ?? '';
  return { program: await takeProgram(programs, best, own, catalog, request), choice: 'BEST_FIT' };
}

async function takeProgram(
  programs: Programs,
  slug: string,
  own: readonly Program[],
  catalog: readonly CatalogProgram[],
  { isDryRun }: ProgramRequest,
): Promise<ReplayedProgram> {
  const found = await replayedOf(programs, own, slug);
  if (found) {
    return found;
  }
  const ofCatalog = catalog.find((program) => program.slug === slug);
  if (!ofCatalog) {
    const known = [...new Set([...own, ...catalog].map((program) => program.slug))].toSorted().join(', ');
    throw new ReplayError(`there is no program "${slug}"; there are ${known}`);
  }
  return isDryRun ? uncopied(ofCatalog) : copyOf(programs, slug);
}

/** The account's own program of that slug. */
async function replayedOf(
  programs: Programs,
  own: readonly Program[],
  slug: string,
): Promise<ReplayedProgram | undefined> {
  const found = own.find((program) => program.slug === slug);
  return found && replayed(found, await hasAmrapRules(programs, found.id));
}

async function copyOf(programs: Programs, slug: string): Promise<ReplayedProgram> {
  const copied = await write(newId(), (options) =>
    programs.copyProgram({ from: { case: 'catalogSlug', value: slug } }, options),
  );
  const { program } = copied.answer;
  if (!program) {
    throw new TypeError('CopyProgram answered without a program');
  }
  return replayed(program, await hasAmrapRules(programs, program.id));
}

/** The programs in the log's unit that train a lift of it, the one that trains most rows first. */
function fittingPrograms(
  { log, mapping }: ProgramRequest,
  catalog: readonly CatalogProgram[],
): CatalogProgram[] {
  const unit = usualUnit(log);
  const candidates = catalog
    .filter((program) => UNITS.get(program.unit) === unit)
    .map((program) => ({ program, rows: countTrained(log, program.liftSlugs, mapping) }))
    .filter(({ rows }) => rows > 0);
  if (candidates.length === 0) {
    const unknown = log.sets.map(({ line, exercise }) => {
      return { line, reason: 'NOT_IN_PROGRAM', detail: exercise } as const;
    });
    throw nothingUsable(
      [...log.faults, ...unknown],
      `no program of the catalogue in ${unit} trains a lift of this log; --mapping FILE says which exercise is which lift`,
    );
  }
  return candidates.toSorted((a, b) => b.rows - a.rows).map(({ program }) => program);
}

function countTrained({ sets }: TrainingLog, liftSlugs: readonly string[], mapping: ExerciseMapping): number {
  return sets.filter(({ exercise }) => liftOfExercise(exercise, liftSlugs, mapping)).length;
}

/**
 * The unit of most sets. Throws ReplayError when the log has none, because a program in the other unit adds wrong
 * weights.
 */
function usualUnit({ sets }: TrainingLog): LogUnit {
  const count = (unit: LogUnit) => sets.filter((set) => set.unit === unit).length;
  if (sets.some(({ unit }) => unit === null)) {
    throw new ReplayError(
      'the file does not say whether its weights are in kg or in lb; --units kg or --units lb decides it',
    );
  }
  return count('lb') > count('kg') ? 'lb' : 'kg';
}

async function listPrograms(programs: Programs): Promise<Program[]> {
  const found: Program[] = [];
  let pageToken = '';
  do {
    const page = await programs.listPrograms({ pageSize: PAGE_SIZE, pageToken });
    found.push(...page.programs);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}

async function hasAmrapRules(programs: Programs, programId: string): Promise<boolean> {
  const progressionIds = new Set<string>();
  let pageToken = '';
  do {
    const page = await programs.listProgramProgressions({ programId, pageSize: PAGE_SIZE, pageToken });
    for (const { progressionId } of page.programProgressions) {
      progressionIds.add(progressionId);
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  for (const progressionId of progressionIds) {
    const { progression } = await programs.getProgression({ progressionId });
    if (progression && AMRAP_TYPES.has(progression.type)) {
      return true;
    }
  }
  return false;
}

function replayed(program: Program, hasRulesOnAmrapSets: boolean): ReplayedProgram {
  const { id, slug, unit, weeksPerCycle, sessionsPerWeek, days, lifts } = program;
  return {
    ...{ id, slug, weeksPerCycle, sessionsPerWeek },
    unit: UNITS.get(unit) ?? null,
    days: days.map((day) => ({ slug: day.slug, liftIds: day.liftIds })),
    lifts: new Map(lifts.map((lift) => [lift.slug, lift.id])),
    hasAmrapRules: hasRulesOnAmrapSets,
  };
}

function uncopied({
  slug,
  unit,
  weeksPerCycle,
  sessionsPerWeek,
  liftSlugs,
}: CatalogProgram): ReplayedProgram {
  return {
    ...{ id: slug, slug, weeksPerCycle, sessionsPerWeek, days: [], hasAmrapRules: false },
    unit: UNITS.get(unit) ?? null,
    lifts: new Map(liftSlugs.map((liftSlug) => [liftSlug, liftSlug])),
  };
}
