/** Reads the data that the events of a group depend on, with one query of each kind for the whole group. */
import type { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { DomainError } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import type { Assignment } from '../evaluation/program-rules.ts';
import type { CurrentMax } from '../evaluation/snapshot.ts';
import { EVENT_TRIGGER_TYPES, isWorkSet, type StoredSet } from '../evaluation/trigger-event.ts';
import type { ActiveEnrollment } from './load-ledger.ts';
import { loadManualHistory, type ManualHistory } from './load-ledger.ts';
import type { LoadedProgram, ProgramLoader } from './load-program.ts';
import { loadLatestSets, loadSessionApplications, loadSessionSets } from './load-sessions.ts';
import {
  type ByUser,
  loadMaxes,
  loadPeriodSets,
  loadRuleMemories,
  loadTakenInstants,
  type PeriodSets,
  type RuleMemories,
  type Subject,
} from './load-snapshots.ts';
import { loadPersonalBests } from './personal-records.ts';
import type { CommandDetail, SessionApplication, TriggerCommand } from './trigger-command.ts';

/** A command that passed the ledger. */
export interface OpenCommand {
  readonly command: TriggerCommand;
  readonly enrollment: ActiveEnrollment;
}

/** The stored data of a group's athletes. */
export interface GroupData {
  /** By program id: the rules, or the error for rules that cannot be read. */
  readonly programs: ReadonlyMap<string, LoadedProgram | DomainError>;
  readonly maxes: ByUser<ReadonlyMap<string, CurrentMax>>;
  readonly memories: ByUser<RuleMemories>;
  /** The sets of the event's session; for manual triggers, of each lift's latest session. */
  readonly sets: ByUser<readonly StoredSet[]>;
  readonly sessionApplications: ByUser<readonly SessionApplication[]>;
  readonly periodSets: ByUser<PeriodSets>;
  readonly takenInstants: ByUser<ReadonlySet<bigint>>;
  readonly manualHistories: ByUser<ManualHistory>;
  /**
   * For athletes who report sets, by lift: the best estimate that a personal record must exceed; see
   * personal-records.ts.
   */
  readonly personalBests: ByUser<ReadonlyMap<string, Decimal>>;
  /** Existing lifts that events name although no program of the group has them. */
  readonly knownLiftIds: ReadonlySet<string>;
}

export async function loadGroup(
  tx: Transaction,
  commands: readonly OpenCommand[],
  loader: ProgramLoader,
): Promise<GroupData> {
  const programs = await loadPrograms(tx, commands, loader);
  const subjects = commands.flatMap(({ command, enrollment }) => {
    const program = programs.get(enrollment.programId);
    if (!program || program instanceof DomainError) {
      return [];
    }
    const assignments = program.assignments.filter((assignment) => isConcerned(assignment, command.detail));
    return [{ userId: command.userId, command, enrollment, program, assignments }];
  });
  const sessions = subjects.flatMap(({ userId, command: { detail } }) =>
    'sessionId' in detail
      ? [{ userId, sessionId: detail.sessionId, isEnd: detail.type === 'SESSION_COMPLETED' }]
      : [],
  );
  // These queries do not depend on each other, so they are sent together.
  const [sessionSets, manual, maxes, memories, periodSets, takenInstants, personalBests, knownLiftIds] =
    await Promise.all([
      sessions.length > 0 ? loadSessionSets(tx, sessions) : new Map<string, StoredSet[]>(),
      Promise.all(subjects.map((subject) => loadManual(tx, subject))),
      loadMaxes(tx, subjects),
      loadRuleMemories(tx, subjects),
      loadPeriodSets(tx, periodEndsOf(subjects)),
      loadTakenInstants(tx, subjects.map(spanOf)),
      loadBests(tx, subjects),
      loadForeignLifts(tx, subjects),
    ]);
  // A session that ends without sets has no earlier applications.
  const begun = sessions.filter(({ userId, isEnd }) => !isEnd || sessionSets.has(userId));
  const asked = manual.flat();
  return {
    programs,
    sets: new Map([...sessionSets, ...asked.map(({ userId, sets }) => [userId, sets] as const)]),
    manualHistories: new Map(asked.map(({ userId, history }) => [userId, history])),
    maxes,
    memories,
    sessionApplications: begun.length > 0 ? await loadSessionApplications(tx, begun) : new Map(),
    periodSets,
    takenInstants,
    personalBests,
    knownLiftIds,
  };
}

/** The data of a manual trigger; nothing for other events. */
async function loadManual(tx: Transaction, { userId, command: { detail }, assignments }: CommandSubject) {
  if (detail.type !== 'MANUAL') {
    return [];
  }
  const liftIds = assignments.map(({ liftId }) => liftId);
  const [history, sets] = await Promise.all([
    loadManualHistory(tx, userId, detail),
    loadLatestSets(tx, userId, liftIds),
  ]);
  return [{ userId, history, sets }];
}

/** The lifts that an event names. */
export function liftIdsOf(detail: CommandDetail): readonly string[] {
  switch (detail.type) {
    case 'SESSION_COMPLETED':
      return detail.liftsPerformed;
    case 'SETS_REPORTED':
      return detail.sets.map(({ liftId }) => liftId);
    case 'WEEK_ADVANCED':
    case 'CYCLE_COMPLETED':
    case 'MANUAL':
      return [];
  }
}

async function loadPrograms(
  tx: Transaction,
  commands: readonly OpenCommand[],
  loader: ProgramLoader,
): Promise<Map<string, LoadedProgram | DomainError>> {
  const programs = new Map<string, LoadedProgram | DomainError>();
  for (const { programId, programRevision } of commands.map(({ enrollment }) => enrollment)) {
    if (!programs.has(programId)) {
      programs.set(programId, await loadOrRefuse(tx, loader, programId, programRevision));
    }
  }
  return programs;
}

async function loadOrRefuse(tx: Transaction, loader: ProgramLoader, programId: string, revision: string) {
  try {
    return await loader.load(tx, programId, revision);
  } catch (error) {
    if (error instanceof DomainError) {
      return error;
    }
    throw error;
  }
}

/** Whether the rule can fire on the command's event at all. */
function isConcerned({ rule, liftId, progressionId }: Assignment, detail: CommandDetail): boolean {
  switch (detail.type) {
    case 'SESSION_COMPLETED':
      return rule.triggerType === 'AFTER_SESSION' || rule.countBy === 'SESSION';
    case 'WEEK_ADVANCED':
      return rule.triggerType === 'AFTER_WEEK';
    case 'CYCLE_COMPLETED':
      return rule.triggerType === 'AFTER_CYCLE';
    case 'SETS_REPORTED':
      return (
        (rule.triggerType === 'AFTER_SET' || rule.countBy === 'SET') &&
        detail.sets.some((set) => set.liftId === liftId)
      );
    case 'MANUAL':
      return progressionId === detail.progressionId && (detail.liftId === null || detail.liftId === liftId);
  }
}

type CommandSubject = Subject & OpenCommand;

/** Athletes whose event ends a week or a cycle. */
function periodEndsOf(subjects: readonly CommandSubject[]) {
  return subjects.flatMap((subject) => {
    const { type } = subject.command.detail;
    return type === 'WEEK_ADVANCED' || type === 'CYCLE_COMPLETED'
      ? [
          {
            ...subject,
            triggerType: EVENT_TRIGGER_TYPES[type],
            activeFromSequence: subject.enrollment.activeFromSequence,
          },
        ]
      : [];
  });
}

/** The instants at which an event may date its applications. */
function spanOf({ userId, command: { detail, occurredAt } }: CommandSubject) {
  if (detail.type !== 'SETS_REPORTED') {
    return { userId, from: occurredAt, to: occurredAt };
  }
  const times = detail.sets.map(({ performedAt }) => performedAt).toSorted((a, b) => Number(a - b));
  return { userId, from: times[0] ?? occurredAt, to: times.at(-1) ?? occurredAt };
}

/** Reads only for sets that could be records. */
async function loadBests(tx: Transaction, subjects: readonly CommandSubject[]) {
  const lifts = subjects.flatMap(({ userId, command: { detail } }) => {
    const sets = detail.type === 'SETS_REPORTED' ? detail.sets.filter(isWorkSet) : [];
    return [...new Set(sets.map(({ liftId }) => liftId))].map((liftId) => ({ userId, liftId }));
  });
  return lifts.length > 0 ? loadPersonalBests(tx, lifts) : new Map<string, Map<string, Decimal>>();
}

async function loadForeignLifts(tx: Transaction, subjects: readonly CommandSubject[]): Promise<Set<string>> {
  const foreign = subjects.flatMap(({ program, command }) =>
    liftIdsOf(command.detail).filter((liftId) => !program.liftIds.includes(liftId)),
  );
  if (foreign.length === 0) {
    return new Set();
  }
  const { rows } = await sql<{ id: string }>`
    select id from lifts where account_id = ${tx.accountId} and id = any(${foreign}::uuid[])`.execute(tx.sql);
  return new Set(rows.map(({ id }) => id));
}
