/**
 * Replays an athlete's history: counts failures and follows stages by what stands, and decides events again. Pure; the
 * verdicts and decisions are those of the evaluation.
 */
import type { Instant } from '../../values/instant.ts';
import { evaluate } from '../evaluation/evaluate.ts';
import { type Plan, snapshotAfter } from '../evaluation/plan.ts';
import { assignmentAt } from '../evaluation/program-rules.ts';
import {
  addSessionChange,
  type FailureCount,
  maxKey,
  ruleKey,
  type SessionChange,
  type Snapshot,
} from '../evaluation/snapshot.ts';
import type { StoredSet, TriggerEvent } from '../evaluation/trigger-event.ts';
import type { Step } from '../evaluation/triggers/trigger.ts';
import { stepsOf } from '../evaluation/triggers/trigger-types.ts';
import type { History, LoggedApplication, VersionItem } from './history.ts';
import { type Moment, momentsOf, type ReplayOptions } from './moments.ts';

/** The rules, and the maxes that events which are decided again start from; the rest is the history's. */
export type ReplayStart = Pick<
  Snapshot,
  'enrollmentId' | 'program' | 'overrides' | 'maxes' | 'takenInstants'
> & {
  readonly userId: string;
};

/** An event that was decided again. */
export interface Redecided {
  readonly event: TriggerEvent;
  readonly plan: Plan;
}

export interface Replayed {
  readonly decided: readonly Redecided[];
  /** By ruleKey. */
  readonly failureCounts: ReadonlyMap<string, FailureCount>;
  readonly stages: ReadonlyMap<string, number>;
}

export function replay(history: History, start: ReplayStart, options: ReplayOptions = {}): Replayed {
  const player = new Player(history, start);
  for (const moment of momentsOf(history, options)) {
    player.take(moment);
  }
  return player.result();
}

class Player {
  readonly #history: History;
  readonly #userId: string;
  readonly #decided: Redecided[] = [];
  readonly #taken: Set<Instant>;
  /** Of applications that stand, by the identity of their step. */
  readonly #standing: ReadonlyMap<string, readonly VersionItem[]>;
  readonly #sessionSets = new Map<string, StoredSet[]>();
  readonly #sessionChanges = new Map<string, ReadonlyMap<string, SessionChange>>();
  #snapshot: Snapshot;

  constructor(history: History, { userId, ...start }: ReplayStart) {
    this.#history = history;
    this.#userId = userId;
    this.#taken = new Set(start.takenInstants);
    this.#standing = Map.groupBy(
      history.versions.filter(({ source, log }) => source === 'PROGRESSION' && log && !log.isReverted),
      ({ log }) => log?.triggerKey ?? '',
    );
    const bases = [...history.bases];
    this.#snapshot = {
      ...start,
      failureCounts: new Map(
        bases.map(([key, { failures }]) => [key, { ...NEVER_FAILED, consecutiveFailures: failures.value }]),
      ),
      stages: new Map(bases.map(([key, { stage }]) => [key, stage.value])),
      sessionSets: [],
      sessionChanges: new Map(),
      missedLiftIds: new Set(),
      performedLiftIds: new Set(),
      standingLogIds: new Map(),
      latestEventKey: null,
    };
  }

  result(): Replayed {
    const { failureCounts, stages } = this.#snapshot;
    return { decided: this.#decided, failureCounts, stages };
  }

  take(moment: Moment): void {
    if (moment.kind === 'BY_HAND') {
      this.#follow(moment.version, moment.log, moment.sequence);
      return;
    }
    const event = this.#eventOf(moment);
    const { sessionId } = event.detail;
    this.#snapshot = {
      ...this.#snapshot,
      // Only an application needs an instant of its own.
      takenInstants: moment.isDecidedAgain ? this.#taken : new Set(),
      sessionSets: this.#sessionSets.get(sessionId) ?? [],
      sessionChanges: this.#sessionChanges.get(sessionId) ?? new Map(),
    };
    if (moment.isDecidedAgain) {
      this.#decide(event, moment.sequence);
    } else {
      for (const step of stepsOf(event, this.#snapshot)) {
        this.#count(step, event, moment.sequence);
      }
    }
    this.#sessionChanges.set(sessionId, this.#snapshot.sessionChanges);
    if (moment.kind === 'SETS') {
      const sets = moment.items.map(({ set }) => set);
      this.#sessionSets.set(sessionId, [...this.#snapshot.sessionSets, ...sets] as StoredSet[]);
    }
  }

  #eventOf(moment: Exclude<Moment, { kind: 'BY_HAND' }>) {
    if (moment.kind === 'END') {
      const { detail, occurredAt } = moment.item;
      return { userId: this.#userId, occurredAt, detail };
    }
    const sets = moment.items.map(({ set }) => set);
    const detail = {
      type: 'SETS_LOGGED' as const,
      sessionId: moment.items[0]?.sessionId ?? '',
      sets,
    };
    return { userId: this.#userId, occurredAt: sets[0]?.performedAt ?? 0n, detail };
  }

  #decide(event: TriggerEvent, sequence: bigint): void {
    const before = this.#snapshot;
    const plan = evaluate(event, before);
    this.#decided.push({ event, plan });
    for (const { application } of plan.results) {
      if (application) {
        this.#taken.add(application.appliedAt);
      }
    }
    const { maxes, sessionChanges } = snapshotAfter(before, plan);
    this.#snapshot = { ...before, maxes, sessionChanges };
    for (const { liftId, progressionId, value } of plan.failureCounts) {
      this.#setCount(ruleKey(liftId, progressionId), value, sequence);
    }
    for (const { liftId, progressionId, value } of plan.stages) {
      this.#setStage(ruleKey(liftId, progressionId), value, sequence);
    }
  }

  /** What the rules counted at a step that is not decided again, and what its standing applications did. */
  #count(step: Step, { occurredAt, detail }: TriggerEvent, sequence: bigint): void {
    const { program, overrides } = this.#snapshot;
    const logs = this.#standing.get(step.triggerKey) ?? [];
    for (const assigned of program.assignments) {
      const assignment = overrides ? assignmentAt(assigned, overrides, occurredAt) : assigned;
      const verdict = step.judge(assignment);
      const key = ruleKey(assignment.liftId, assignment.progressionId);
      const count = this.#snapshot.failureCounts.get(key) ?? NEVER_FAILED;
      if (assignment.enabled && verdict.kind === 'MET') {
        this.#setCount(key, { ...count, consecutiveFailures: 0, lastSuccessAt: step.at }, sequence);
      } else if (assignment.enabled && verdict.kind === 'FIRED' && verdict.failedSet) {
        const consecutiveFailures = count.consecutiveFailures + 1;
        const lastFailureAt = verdict.failedSet.performedAt;
        this.#setCount(key, { ...count, consecutiveFailures, lastFailureAt }, sequence);
      }
      // A session that was completed again has an end of the same key for each time.
      if (detail.type === 'SESSION_COMPLETED' && !detail.liftsPerformed.includes(assignment.liftId)) {
        continue;
      }
      for (const { liftId, log, ...version } of logs) {
        if (log && liftId === assignment.liftId && log.progressionId === assignment.progressionId) {
          this.#follow({ liftId, log, ...version }, log, sequence);
        }
      }
    }
  }

  #follow({ liftId, maxType }: VersionItem, log: LoggedApplication, sequence: bigint): void {
    const key = ruleKey(liftId, log.progressionId);
    const count = this.#snapshot.failureCounts.get(key) ?? NEVER_FAILED;
    if (log.failuresBefore !== null) {
      this.#setCount(key, { ...count, consecutiveFailures: 0 }, sequence);
    }
    if (log.stageAfter !== null) {
      this.#setStage(key, log.stageAfter, sequence);
    }
    if (log.sessionId !== null) {
      const sessionChanges = new Map(this.#snapshot.sessionChanges);
      addSessionChange(sessionChanges, maxKey(liftId, maxType), log);
      this.#snapshot = { ...this.#snapshot, sessionChanges };
    }
  }

  /** Before its base a counter follows from something else than events. */
  #setCount(key: string, count: FailureCount, sequence: bigint): void {
    if (sequence > (this.#history.bases.get(key)?.failures.from ?? this.#history.from)) {
      this.#snapshot = {
        ...this.#snapshot,
        failureCounts: new Map(this.#snapshot.failureCounts).set(key, count),
      };
    }
  }

  #setStage(key: string, stage: number, sequence: bigint): void {
    if (sequence > (this.#history.bases.get(key)?.stage.from ?? this.#history.from)) {
      this.#snapshot = { ...this.#snapshot, stages: new Map(this.#snapshot.stages).set(key, stage) };
    }
  }
}

const NEVER_FAILED: FailureCount = { consecutiveFailures: 0, lastFailureAt: null, lastSuccessAt: null };
