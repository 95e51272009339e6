/** Plays a program of the catalogue from its prescriptions alone, over the RPCs. */
import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import { MaxType, SetKind } from '../../../src/gen/progression/v1/common_pb.ts';
import type {
  PrescribedSet,
  PrescribeSessionResponse,
} from '../../../src/gen/progression/v1/progression_service_pb.ts';
import type { Database } from '../../../src/store/database.ts';
import { systemClock } from '../../../src/values/system-clock.ts';
import { createCatalogClient } from '../../support/catalog-client.ts';
import { createProgressionClient } from '../../support/progression-client.ts';

export interface Script {
  readonly slug: string;
  /** Maxes at the start, by lift. */
  readonly maxes: Readonly<Record<string, string>>;
  readonly maxType?: MaxType;
  readonly cycles: number;
  /** Repetitions of the last work set of a lift, by `session lift`; all others are the target. */
  readonly reps?: Readonly<Record<string, number>>;
  /** Absent: every lift is in the lines. */
  readonly only?: readonly string[];
}

/**
 * PrescribeSession for the next day, LogSets with exactly those sets, HandleSessionComplete, and the week's and the cycle's
 * end when they are due. One line for each session: `3 day-a: squat 5x5@65, bench-press 5x5@47.5`; `w` and `s` mark warm-ups
 * and supplemental sets, `+` an AMRAP set. At the end each session is asked for again as an earlier one, and must be answered
 * as it was when it was next.
 */
export async function playThrough(database: Database, script: Script): Promise<string[]> {
  const { slug, maxes, maxType, cycles, reps = {}, only } = script;
  const { client, userId, slugs, program } = await follow(database, slug, maxes, maxType);
  const { weeksPerCycle = 1, sessionsPerWeek = 1 } = program ?? {};
  const lines: string[] = [];
  const answered = new Map<string, PrescribeSessionResponse>();
  let session = 0;
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    for (let week = 1; week <= weeksPerCycle; week += 1) {
      for (let count = 0; count < sessionsPerWeek; count += 1) {
        session += 1;
        const next = await client.prescribeSession({ userId });
        const shown = next.sets.filter(({ liftId }) => only?.includes(`${slugs.get(liftId)}`) ?? true);
        if (shown.length > 0) {
          lines.push(`${session} ${next.daySlug}: ${describeSets(shown, slugs)}`);
        }
        const sessionId = uuidv7();
        answered.set(sessionId, next);
        const sets = next.sets.map((set) => {
          const isLast = next.sets.findLast((other) => other.liftId === set.liftId && isWork(other)) === set;
          const scripted = isLast ? reps[`${session} ${slugs.get(set.liftId)}`] : undefined;
          const { liftId, setNumber, kind, targetReps, load } = set;
          const repsPerformed = scripted ?? targetReps;
          return { liftId, setNumber, kind, targetReps, repsPerformed, weight: load, targetWeight: load };
        });
        await client.logSets({ userId, sessionId, sets });
        const liftsPerformed = [...new Set(sets.map(({ liftId }) => liftId))];
        const { daySlug, weekNumber } = next;
        const completed = { sessionId, daySlug, weekNumber, liftsPerformed };
        await client.handleSessionComplete({ userId, session: completed });
      }
      const newWeek = week === weeksPerCycle ? 1 : week + 1;
      await client.handleWeekAdvance({
        userId,
        week: { previousWeek: week, newWeek, cycleIteration: cycle },
      });
    }
    const completed = { completedCycle: cycle, newCycle: cycle + 1, totalWeeks: weeksPerCycle };
    await client.handleCycleComplete({ userId, cycle: completed });
  }
  for (const [beforeSessionId, next] of answered) {
    expect(await client.prescribeSession({ userId, beforeSessionId })).toEqual(next);
  }
  return lines;
}

const isWork = ({ kind }: PrescribedSet) => kind === SetKind.WORK || kind === SetKind.AMRAP;
const MARKS: Partial<Record<SetKind, string>> = { [SetKind.WARM_UP]: 'w', [SetKind.SUPPLEMENTAL]: 's' };

/** An athlete on a copy of the program, with these maxes. */
async function follow(
  database: Database,
  slug: string,
  maxes: Script['maxes'],
  maxType: MaxType = MaxType.TRAINING_MAX,
) {
  const { accountId, programs, users } = createCatalogClient(database, { clock: systemClock });
  const { program } = await programs.copyProgram({ from: { case: 'catalogSlug', value: slug } });
  const { user } = await users.createUser({ name: 'A lifter' });
  const userId = `${user?.id}`;
  await programs.enrollUser({ userId, programId: `${program?.id}` });
  const client = createProgressionClient(database, { accountId });
  const slugs = new Map(program?.lifts.map((lift) => [lift.id, lift.slug]));
  for (const lift of program?.lifts ?? []) {
    const value = maxes[lift.slug];
    if (value !== undefined) {
      await client.setLiftMax({ userId, liftId: lift.id, maxType, value });
    }
  }
  return { client, userId, slugs, program };
}

/** The lines of the sessions ahead, as PrescribeWeeks tells them to an athlete who has just begun. */
export async function foresee(
  database: Database,
  { slug, maxes, only }: Pick<Script, 'slug' | 'maxes' | 'only'>,
  { weeks, ...performance }: { weeks: number; missedSessions?: number[]; amrapReps?: number },
): Promise<string[]> {
  const { client, userId, slugs } = await follow(database, slug, maxes);
  const { sessions } = await client.prescribeWeeks({ userId, weeks, performance });
  return sessions.flatMap(({ session, daySlug, sets }) => {
    const shown = sets.filter(({ liftId }) => only?.includes(`${slugs.get(liftId)}`) ?? true);
    return shown.length > 0 ? [`${session} ${daySlug}: ${describeSets(shown, slugs)}`] : [];
  });
}

/** Equal sets that follow each other count as one. */
function describeSets(sets: readonly PrescribedSet[], slugs: ReadonlyMap<string, string>): string {
  const groups: { lift: string; mark: string; scheme: string; count: number }[] = [];
  for (const { liftId, kind, targetReps, maxReps, load } of sets) {
    const lift = `${slugs.get(liftId)}`;
    const mark = MARKS[kind] ?? '';
    const range = maxReps > 0 ? `-${maxReps}` : '';
    const scheme = `x${targetReps}${range}${kind === SetKind.AMRAP ? '+' : ''}@${load}`;
    const last = groups.at(-1);
    if (last?.lift === lift && last.mark === mark && last.scheme === scheme) {
      last.count += 1;
    } else {
      groups.push({ lift, mark, scheme, count: 1 });
    }
  }
  return groups
    .map(({ lift, mark, scheme, count }, index) => {
      const isNew = groups[index - 1]?.lift !== lift;
      return `${isNew ? `${index > 0 ? ', ' : ''}${lift} ` : ' '}${mark}${count}${scheme}`;
    })
    .join('');
}
