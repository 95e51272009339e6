/** Finds the program to replay on: the one asked for, the log's own, or the one of the catalogue that fits best. */
import { ProgressionType } from '../../src/gen/progression/v1/common_pb.ts';
import {
  type CatalogProgram,
  type Program,
  WeightUnit,
} from '../../src/gen/progression/v1/program_service_pb.ts';
import { newId } from '../../src/values/new-id.ts';
import { liftOfExercise } from './lift-names.ts';
import type { ReplayedProgram } from './replayed-program.ts';
import { type ServiceClients, write } from './service-clients.ts';
import { type WeightUnit as LogUnit, ReplayError, type TrainingLog } from './training-log.ts';

type Programs = ServiceClients['programs'];

const PAGE_SIZE = 500;
const UNITS: ReadonlyMap<WeightUnit, LogUnit> = new Map([
  [WeightUnit.KILOGRAM, 'kg'],
  [WeightUnit.POUND, 'lb'],
]);

/** What a log without units is taken to be in, when no program says otherwise. */
export const ASSUMED_UNIT: LogUnit = 'kg';

const AMRAP_TYPES: ReadonlySet<ProgressionType> = new Set([
  ProgressionType.AMRAP_PROGRESSION,
  ProgressionType.GREYSKULL_PROGRESSION,
]);

/**
 * The account's program of that slug; when it has none, its copy of the catalogue's. Throws ReplayError naming what
 * there is when neither has it, or when no program of the catalogue trains a lift of the log.
 */
export async function findProgram(
  programs: Programs,
  log: TrainingLog,
  requestedSlug: string | undefined,
): Promise<ReplayedProgram> {
  const { programs: catalog } = await programs.listCatalogPrograms({});
  const slug = requestedSlug ?? log.programSlug ?? bestFit(log, catalog).slug;
  const own = await listPrograms(programs);
  const found = own.find((program) => program.slug === slug);
  if (found) {
    return replayed(found, await hasAmrapRules(programs, found.id));
  }
  if (!catalog.some((program) => program.slug === slug)) {
    const known = [...new Set([...own, ...catalog].map((program) => program.slug))].toSorted().join(', ');
    throw new ReplayError(`there is no program "${slug}"; there are ${known}`);
  }
  const copied = await write(newId(), (options) =>
    programs.copyProgram({ from: { case: 'catalogSlug', value: slug } }, options),
  );
  const { program } = copied.answer;
  if (!program) {
    throw new TypeError('CopyProgram answered without a program');
  }
  return replayed(program, await hasAmrapRules(programs, program.id));
}

/** The program that trains most rows of the log, in the log's unit; the first of equals. */
function bestFit(log: TrainingLog, catalog: readonly CatalogProgram[]): CatalogProgram {
  const unit = log.entries.find((entry) => entry.unit)?.unit ?? ASSUMED_UNIT;
  const candidates = catalog.filter((program) => UNITS.get(program.unit) === unit);
  const trained = candidates.map(
    ({ liftSlugs }) => log.entries.filter(({ exercise }) => liftOfExercise(exercise, liftSlugs)).length,
  );
  const most = Math.max(0, ...trained);
  const best = candidates[trained.indexOf(most)];
  if (!best || most === 0) {
    throw new ReplayError(`no program of the catalogue in ${unit} trains a lift of this log`);
  }
  return best;
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
