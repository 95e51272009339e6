/** SimulateProgressions: what the rules would do from the current maxes on. Reads, and writes nothing. */
import { create } from '@bufbuild/protobuf';
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
import {
  type SimulateProgressionsRequest,
  type SimulateProgressionsResponse,
  SimulateProgressionsResponseSchema,
} from '../gen/progression/v1/progression_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { requireUser } from '../store/lock-user.ts';
import type { Instant } from '../values/instant.ts';
import { liftMaxMessage } from './engine/lift-max-message.ts';
import { loadEnrollment } from './engine/load-ledger.ts';
import type { ProgramLoader } from './engine/load-program.ts';
import { loadRuleMemories } from './engine/load-snapshots.ts';
import { outcomeMessage } from './engine/outcome-message.ts';
import { type Calendar, simulate } from './engine/simulate.ts';
import type { MaxType } from './evaluation/rules/rule.ts';
import { type CurrentMax, maxKey, type Snapshot, type WeightUnit } from './evaluation/snapshot.ts';

/** Throws USER_NOT_FOUND, NOT_ENROLLED, PROGRESSION_INVALID, VALIDATION_FAILED beyond `mostWeeks`. */
export async function simulateProgressions(
  tx: Transaction,
  request: SimulateProgressionsRequest,
  programs: ProgramLoader,
  mostWeeks: number,
  now: Instant,
): Promise<SimulateProgressionsResponse> {
  const { userId } = request;
  await requireUser(tx, userId);
  const start = await loadStart(tx, userId, programs);
  const calendar = await loadCalendar(tx, start.program);
  const weeks = weeksOf(request, calendar, mostWeeks);
  const { steps, end } = simulate(start, userId, calendar, weeks, performanceOf(request), now);
  const { programId } = start.program;
  return create(SimulateProgressionsResponseSchema, {
    events: steps.map(({ event, plan, ...at }) => ({
      ...at,
      outcome: outcomeMessage({
        event,
        programId,
        plan,
        logIds: [],
        sets: [],
        records: [],
        earlierApplications: [],
        counters: [],
        compensations: [],
        isAgain: false,
      }),
    })),
    finalLiftMaxes: [...end.maxes].map(([key, { value, unit, version }]) => {
      const [liftId = '', maxType = ''] = key.split(' ');
      const source = version === start.maxes.get(key)?.version ? '' : 'PROGRESSION';
      return liftMaxMessage({
        userId,
        liftId,
        maxType,
        value,
        unit,
        version,
        source,
        reason: '',
        effectiveAt: now,
        recordedAt: now,
      });
    }),
  });
}

export async function loadStart(tx: Transaction, userId: string, programs: ProgramLoader): Promise<Snapshot> {
  const enrollment = await loadEnrollment(tx, userId);
  if (!enrollment) {
    throw new DomainError('NOT_ENROLLED', `user ${userId} has no active enrollment`, {
      metadata: { userId },
    });
  }
  const program = await programs.load(tx, enrollment.programId, enrollment.programRevision);
  const subjects = [{ userId, program, assignments: program.assignments }];
  const memories = (await loadRuleMemories(tx, subjects)).get(userId);
  return {
    enrollmentId: enrollment.enrollmentId,
    program,
    overrides: enrollment.overrides,
    maxes: await loadAllMaxes(tx, userId),
    failureCounts: memories?.failureCounts ?? new Map(),
    stages: memories?.stages ?? new Map(),
    sessionSets: [],
    sessionChanges: new Map(),
    missedLiftIds: new Set(),
    performedLiftIds: new Set(),
    takenInstants: new Set(),
    standingLogIds: new Map(),
    latestEventKey: null,
  };
}

/** Every current max of the athlete, with or without a rule for it. */
export async function loadAllMaxes(tx: Transaction, userId: string): Promise<Map<string, CurrentMax>> {
  const { rows } = await sql<{
    lift_id: string;
    max_type: MaxType;
    version: number;
    value: string;
    unit: WeightUnit;
  }>`
    select m.lift_id, m.max_type, m.version, m.value, m.unit
    from lift_maxes f
    cross join lateral (
      select * from lift_maxes
      where account_id = ${tx.accountId} and user_id = f.user_id and lift_id = f.lift_id and max_type = f.max_type
      order by version desc limit 1
    ) m
    where f.account_id = ${tx.accountId} and f.user_id = ${userId} and f.version = 1`.execute(tx.sql);
  return new Map(
    rows.map((row) => [
      maxKey(row.lift_id, row.max_type),
      { value: new Decimal(row.value), unit: row.unit, version: row.version },
    ]),
  );
}

/** A program without days trains all of its lifts each time. */
async function loadCalendar(tx: Transaction, { programId, liftIds }: Snapshot['program']): Promise<Calendar> {
  const { rows } = await sql<{
    weeks: number;
    sessions: number;
    days: { slug: string; liftIds: string[] }[];
  }>`
    select weeks_per_cycle as weeks, sessions_per_week as sessions, days from programs
    where account_id = ${tx.accountId} and id = ${programId}`.execute(tx.sql);
  const [{ weeks, sessions, days } = { weeks: 1, sessions: 1, days: [] }] = rows;
  return {
    weeksPerCycle: weeks,
    sessionsPerWeek: sessions,
    days: days.length > 0 ? days : [{ slug: 'day', liftIds }],
  };
}

function weeksOf({ horizon }: SimulateProgressionsRequest, calendar: Calendar, mostWeeks: number): number {
  const weeks = (horizon.value ?? 0) * (horizon.case === 'cycles' ? calendar.weeksPerCycle : 1);
  if (weeks > mostWeeks) {
    throw invalidFields([
      {
        field: horizon.case ?? 'horizon',
        description: `must come to at most ${mostWeeks} weeks, not ${weeks}`,
      },
    ]);
  }
  return weeks;
}

export function performanceOf({ performance }: Pick<SimulateProgressionsRequest, 'performance'>) {
  return {
    missedSessions: new Set(performance?.missedSessions),
    amrapReps: performance?.amrapReps ?? null,
    workReps: performance?.workReps ?? null,
  };
}
