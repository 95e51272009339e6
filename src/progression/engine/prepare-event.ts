/**
 * Turns one command and what was read for its group into an event and its snapshot, or refuses.
 * Tells which reported sets are new, and refuses those that contradict what was logged before.
 */
import type { Decimal } from 'decimal.js';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import type { Plan } from '../evaluation/plan.ts';
import type { ProgramRules } from '../evaluation/program-rules.ts';
import { ruleKey, type Snapshot } from '../evaluation/snapshot.ts';
import {
  type EventDetail,
  type StoredSet,
  setTriggerKey,
  type TriggerEvent,
} from '../evaluation/trigger-event.ts';
import { type GroupData, liftIdsOf, type OpenCommand } from './load-group.ts';
import { sessionChangesOf } from './load-sessions.ts';
import { type PersonalRecord, personalRecords } from './personal-records.ts';
import type {
  CommandDetail,
  CounterReading,
  ReportedSet,
  SessionApplication,
  SetReceipt,
  SetsReported,
  TriggerCommand,
} from './trigger-command.ts';

/** An event, ready to be evaluated. */
export interface PreparedEvent {
  readonly event: TriggerEvent;
  readonly snapshot: Snapshot;
  /** For reported sets: all of them; empty otherwise. */
  readonly sets: readonly SetReceipt[];
  /** For reported sets: the applications of those that were logged before. */
  readonly earlierApplications: readonly SessionApplication[];
  /** For reported sets: the new ones that are personal records. */
  readonly records: readonly PersonalRecord[];
}

/**
 * Throws PROGRESSION_INVALID, LIFT_NOT_FOUND, SET_CONFLICT, PROGRESSION_NOT_IN_PROGRAM, and VALIDATION_FAILED for a
 * week that the program does not have: the refusals that depend on what is stored.
 */
export function prepareEvent({ command, enrollment }: OpenCommand, group: GroupData): PreparedEvent {
  const { userId, occurredAt } = command;
  const program = group.programs.get(enrollment.programId);
  if (!program || program instanceof DomainError) {
    throw program ?? new TypeError('a program was not loaded');
  }
  refuseUnknownLifts(command, program, group.knownLiftIds);
  refuseForeignProgression(command, program);
  refuseBeyondProgram(command.detail, program.weeksPerCycle);
  const storedSets = group.sets.get(userId) ?? [];
  const { detail, sets } = detailOf(command, storedSets);
  const sessionApplications = group.sessionApplications.get(userId) ?? [];
  const history = group.manualHistories.get(userId);
  const periodSets = group.periodSets.get(userId);
  const repeatedKeys = new Set(
    sets.flatMap(({ set, isAlreadyLogged }) =>
      isAlreadyLogged && detail.type === 'SETS_LOGGED' ? [setTriggerKey(detail.sessionId, set)] : [],
    ),
  );
  return {
    event: { userId, occurredAt, detail },
    sets,
    records: personalRecords(
      sets.filter(({ isAlreadyLogged }) => !isAlreadyLogged).map(({ set }) => set),
      group.personalBests.get(userId) ?? new Map(),
    ),
    earlierApplications: sessionApplications.filter(({ triggerKey }) => repeatedKeys.has(triggerKey)),
    snapshot: {
      enrollmentId: enrollment.enrollmentId,
      program,
      overrides: enrollment.overrides,
      maxes: group.maxes.get(userId) ?? new Map(),
      failureCounts: group.memories.get(userId)?.failureCounts ?? new Map(),
      stages: group.memories.get(userId)?.stages ?? new Map(),
      sessionSets: storedSets,
      sessionChanges: sessionChangesOf(sessionApplications),
      missedLiftIds: periodSets?.missed ?? new Set(),
      performedLiftIds: periodSets?.performed ?? new Set(),
      takenInstants: group.takenInstants.get(userId) ?? new Set(),
      standingLogIds: history?.standingLogIds ?? new Map(),
      latestEventKey: history?.latestEventKey ?? null,
    },
  };
}

/** The counters of the ON_FAILURE rules in scope of the sets' lifts, after the plan. */
export function countersAfter({ snapshot, sets }: PreparedEvent, plan: Plan): CounterReading[] {
  const liftIds = new Set(sets.map(({ set }) => set.liftId));
  const changed = new Map(plan.failureCounts.map((c) => [ruleKey(c.liftId, c.progressionId), c.value]));
  return snapshot.program.assignments
    .filter(({ rule, liftId }) => rule.triggerType === 'ON_FAILURE' && liftIds.has(liftId))
    .map(({ liftId, progressionId }) => {
      const key = ruleKey(liftId, progressionId);
      const count = changed.get(key) ?? snapshot.failureCounts.get(key);
      return {
        consecutiveFailures: 0,
        lastFailureAt: null,
        lastSuccessAt: null,
        ...count,
        liftId,
        progressionId,
      };
    });
}

/** The event in the engine's terms: of reported sets, only the new ones happened. */
function detailOf(
  { detail }: TriggerCommand,
  storedSets: Parameters<typeof receiveSets>[1],
): { detail: EventDetail; sets: SetReceipt[] } {
  if (detail.type !== 'SETS_REPORTED') {
    return { detail, sets: [] };
  }
  const sets = receiveSets(detail, storedSets);
  const newSets = sets.filter(({ isAlreadyLogged }) => !isAlreadyLogged).map(({ set }) => set);
  return { detail: { type: 'SETS_LOGGED', sessionId: detail.sessionId, sets: newSets }, sets };
}

function refuseUnknownLifts(
  { detail }: TriggerCommand,
  program: ProgramRules,
  knownLiftIds: ReadonlySet<string>,
): void {
  const liftId = liftIdsOf(detail).find((id) => !program.liftIds.includes(id) && !knownLiftIds.has(id));
  if (liftId) {
    throw new DomainError('LIFT_NOT_FOUND', `lift ${liftId} does not exist`, { metadata: { liftId } });
  }
}

function refuseForeignProgression({ detail }: TriggerCommand, program: ProgramRules): void {
  if (detail.type !== 'MANUAL') {
    return;
  }
  const { progressionId, liftId } = detail;
  const rows = program.assignments.filter((assignment) => assignment.progressionId === progressionId);
  if (rows.length === 0) {
    throw new DomainError(
      'PROGRESSION_NOT_IN_PROGRAM',
      `progression ${progressionId} is not in the user's program`,
      {
        metadata: { progressionId, programId: program.programId },
      },
    );
  }
  if (liftId !== null && !rows.some((row) => row.liftId === liftId)) {
    throw new DomainError(
      'LIFT_NOT_IN_PROGRAM',
      `progression ${progressionId} does not cover lift ${liftId}`,
      {
        metadata: { progressionId, liftId, programId: program.programId },
      },
    );
  }
}

/**
 * Weeks that the program's cycle does not have. A cycle of one week is also what a program has that states no length:
 * its weeks may count on.
 */
function refuseBeyondProgram(detail: CommandDetail, weeksPerCycle: number): void {
  const beyond = weekNumbersOf(detail).filter(({ week }) => week > weeksPerCycle);
  if (weeksPerCycle > 1 && beyond.length > 0) {
    throw invalidFields(
      beyond.map(({ field, week }) => ({
        field,
        description: `must be at most ${weeksPerCycle}, the weeks of the program's cycle, not ${week}`,
      })),
    );
  }
}

function weekNumbersOf(detail: CommandDetail): { field: string; week: number }[] {
  switch (detail.type) {
    case 'SESSION_COMPLETED':
      return [{ field: 'session.week_number', week: detail.weekNumber }];
    case 'WEEK_ADVANCED':
      return [
        { field: 'week.previous_week', week: detail.previousWeek },
        { field: 'week.new_week', week: detail.newWeek },
      ];
    case 'CYCLE_COMPLETED':
      return [{ field: 'cycle.total_weeks', week: detail.totalWeeks }];
    case 'SETS_REPORTED':
    case 'MANUAL':
      return [];
  }
}

/** A receipt for each reported set, in order. Throws SET_CONFLICT when a stored set has other values. */
export function receiveSets(reported: SetsReported, stored: readonly StoredSet[]): SetReceipt[] {
  const storedByNumber = new Map(stored.map((set) => [numberOf(set), set]));
  return reported.sets.map((set) => {
    const earlier = storedByNumber.get(numberOf(set));
    if (!earlier) {
      return { set, isAlreadyLogged: false };
    }
    if (!isSameSet(set, earlier)) {
      throw new DomainError(
        'SET_CONFLICT',
        `set ${set.setNumber} of lift ${set.liftId} was logged in this session with other values`,
        {
          metadata: { sessionId: reported.sessionId, liftId: set.liftId, setNumber: String(set.setNumber) },
        },
      );
    }
    return { set: earlier, isAlreadyLogged: true };
  });
}

function numberOf(set: StoredSet): string {
  return `${set.liftId} ${set.setNumber}`;
}

function isSameSet(reported: ReportedSet, stored: StoredSet): boolean {
  return (
    reported.kind === stored.kind &&
    reported.weight.eq(stored.weight) &&
    isSameDecimal(reported.targetWeight, stored.targetWeight) &&
    reported.targetReps === stored.targetReps &&
    reported.repsPerformed === stored.repsPerformed &&
    isSameDecimal(reported.rpe, stored.rpe) &&
    (!reported.isTimeGiven || reported.performedAt === stored.performedAt)
  );
}

function isSameDecimal(a: Decimal | null, b: Decimal | null): boolean {
  return a && b ? a.eq(b) : a === b;
}
