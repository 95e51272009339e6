/** An athlete in memory: what the store keeps between events, folded from plans as the store folds them. */
import assert from 'node:assert/strict';
import { Decimal } from 'decimal.js';
import { evaluate } from '../../src/progression/evaluation/evaluate.ts';
import type { Plan } from '../../src/progression/evaluation/plan.ts';
import { assignRules, type ProgramRule } from '../../src/progression/evaluation/program-rules.ts';
import type { MaxType } from '../../src/progression/evaluation/rules/rule.ts';
import { createRule, type RuleType } from '../../src/progression/evaluation/rules/rule-types.ts';
import {
  type CurrentMax,
  type FailureCount,
  maxKey,
  ruleKey,
  type SessionChange,
  type Snapshot,
} from '../../src/progression/evaluation/snapshot.ts';
import {
  EVENT_TRIGGER_TYPES,
  type EventDetail,
  eventTriggerKey,
  isFailedSet,
  isWorkSet,
  type PerformedSet,
  setTriggerKey,
} from '../../src/progression/evaluation/trigger-event.ts';
import type { Instant } from '../../src/values/instant.ts';

/** A row of the program; ids are names. */
export interface RuleRow {
  readonly id: string;
  readonly type: RuleType;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Default: every lift of the program. */
  readonly lift?: string;
  readonly priority?: number;
  readonly enabled?: boolean;
  readonly override?: string;
  /** The id of the row itself, which decides ties. Default: that of the rule. */
  readonly rowId?: string;
}

export interface Setup {
  readonly rules: readonly RuleRow[];
  /** Default: those that have a max. */
  readonly lifts?: readonly string[];
  /** By `lift`, for the training max, or `lift MAX_TYPE`. */
  readonly maxes: Readonly<Record<string, string>>;
}

export interface Athlete {
  readonly maxes: ReadonlyMap<string, CurrentMax>;
  readonly failureCounts: ReadonlyMap<string, FailureCount>;
  readonly stages: ReadonlyMap<string, number>;
  /** What `detail` would be evaluated against. */
  snapshotFor(detail: EventDetail): Snapshot;
  /** Evaluates an event and keeps what it changed. Throws when the plan could not be stored. */
  handle(detail: EventDetail, occurredAt: Instant): Plan;
}

export const ENROLLMENT_ID = 'enrollment';

export function createAthlete(setup: Setup): Athlete {
  const program = assignRules('program', setup.lifts ?? liftsOf(setup), setup.rules.map(programRuleOf));
  const maxes = new Map<string, CurrentMax>();
  for (const [name, value] of Object.entries(setup.maxes)) {
    const [lift = '', maxType = 'TRAINING_MAX'] = name.split(' ');
    maxes.set(maxKey(lift, maxType as MaxType), { value: new Decimal(value), unit: '', version: 1 });
  }
  const failureCounts = new Map<string, FailureCount>();
  const stages = new Map<string, number>();
  const setsBySession = new Map<string, PerformedSet[]>();
  const changesBySession = new Map<string, Map<string, SessionChange>>();
  const since = {
    AFTER_WEEK: { performed: new Set<string>(), missed: new Set<string>() },
    AFTER_CYCLE: { performed: new Set<string>(), missed: new Set<string>() },
  };
  const takenInstants = new Set<Instant>();
  const appliedKeys = new Set<string>();
  const standingLogIds = new Map<string, string>();
  let latestEventKey: string | null = null;

  function snapshotFor(detail: EventDetail): Snapshot {
    const sessionId = 'sessionId' in detail ? detail.sessionId : '';
    const triggerType = EVENT_TRIGGER_TYPES[detail.type];
    const period = triggerType in since ? since[triggerType as keyof typeof since] : null;
    return {
      enrollmentId: ENROLLMENT_ID,
      program,
      maxes,
      failureCounts,
      stages,
      sessionSets: detail.type === 'MANUAL' ? latestSets() : (setsBySession.get(sessionId) ?? []),
      sessionChanges: changesBySession.get(sessionId) ?? new Map(),
      missedLiftIds: period?.missed ?? new Set(),
      performedLiftIds: period?.performed ?? new Set(),
      takenInstants,
      standingLogIds,
      latestEventKey,
    };
  }

  /** Of each lift, the sets of the latest session that has a work set. */
  function latestSets(): PerformedSet[] {
    const byLift = new Map<string, PerformedSet[]>();
    for (const sets of setsBySession.values()) {
      for (const lift of new Set(sets.filter(isWorkSet).map(({ liftId }) => liftId))) {
        byLift.set(
          lift,
          sets.filter(({ liftId }) => liftId === lift),
        );
      }
    }
    return [...byLift.values()].flat();
  }

  function keep(plan: Plan, detail: EventDetail): void {
    for (const { application, liftId, maxType, progressionId, triggerType } of plan.results) {
      if (!application) {
        continue;
      }
      const key = maxKey(liftId, maxType);
      const { previousValue, newValue, version, appliedAt, triggerKey } = application;
      assert.equal(previousValue.toFixed(), maxes.get(key)?.value.toFixed());
      assert.equal(version, (maxes.get(key)?.version ?? Number.NaN) + 1);
      maxes.set(key, { value: newValue, unit: '', version });
      for (const unique of [appliedAt, triggerKey]) {
        const appliedKey = `${progressionId} ${liftId} ${triggerType} ${unique}`;
        assert(!appliedKeys.has(appliedKey), `applied twice: ${appliedKey}`);
        appliedKeys.add(appliedKey);
      }
      takenInstants.add(appliedAt);
      keepSessionChange(detail, key, newValue.minus(previousValue));
    }
    for (const { liftId, progressionId, value } of plan.failureCounts) {
      failureCounts.set(ruleKey(liftId, progressionId), value);
    }
    for (const { liftId, progressionId, value } of plan.stages) {
      stages.set(ruleKey(liftId, progressionId), value);
    }
    keepSets(detail);
    keepStanding(plan, detail);
  }

  function keepSessionChange(detail: EventDetail, key: string, delta: Decimal): void {
    if (detail.type !== 'SETS_LOGGED') {
      return;
    }
    const changes = changesBySession.get(detail.sessionId) ?? new Map<string, SessionChange>();
    changesBySession.set(detail.sessionId, changes);
    const { added, isDeloaded } = changes.get(key) ?? { added: new Decimal(0), isDeloaded: false };
    const isDeload = delta.lt(0);
    changes.set(key, {
      added: isDeload ? new Decimal(0) : added.plus(delta),
      isDeloaded: isDeloaded || isDeload,
    });
  }

  function keepSets(detail: EventDetail): void {
    if (detail.type === 'SETS_LOGGED') {
      const stored = setsBySession.get(detail.sessionId) ?? [];
      setsBySession.delete(detail.sessionId);
      setsBySession.set(detail.sessionId, [...stored, ...detail.sets]);
      for (const { performed, missed } of Object.values(since)) {
        for (const set of detail.sets.filter(isWorkSet)) {
          performed.add(set.liftId);
          if (isFailedSet(set)) {
            missed.add(set.liftId);
          }
        }
      }
    } else if (detail.type === 'WEEK_ADVANCED' || detail.type === 'CYCLE_COMPLETED') {
      since[EVENT_TRIGGER_TYPES[detail.type]].performed.clear();
      since[EVENT_TRIGGER_TYPES[detail.type]].missed.clear();
    }
  }

  function keepStanding(plan: Plan, detail: EventDetail): void {
    if (detail.type !== 'MANUAL') {
      const lastSet = detail.type === 'SETS_LOGGED' ? detail.sets.at(-1) : undefined;
      const key = lastSet && detail.type === 'SETS_LOGGED' ? setTriggerKey(detail.sessionId, lastSet) : null;
      latestEventKey = `${EVENT_TRIGGER_TYPES[detail.type]}:${eventTriggerKey(detail, ENROLLMENT_ID) ?? key}`;
      standingLogIds.clear();
    }
    for (const { application, liftId, progressionId } of plan.results) {
      if (application && !(detail.type === 'MANUAL' && detail.force)) {
        standingLogIds.set(ruleKey(liftId, progressionId), `log-${application.version}`);
      }
    }
  }

  return {
    maxes,
    failureCounts,
    stages,
    snapshotFor,
    handle(detail, occurredAt) {
      const plan = evaluate({ userId: 'athlete', occurredAt, detail }, snapshotFor(detail));
      keep(plan, detail);
      return plan;
    },
  };
}

function liftsOf({ maxes }: Setup): string[] {
  return [...new Set(Object.keys(maxes).map((name) => name.split(' ')[0] ?? ''))];
}

function programRuleOf(row: RuleRow): ProgramRule {
  return {
    programProgressionId: row.rowId ?? row.id,
    progressionId: row.id,
    liftId: row.lift ?? null,
    priority: row.priority ?? 0,
    enabled: row.enabled ?? true,
    overrideIncrement: row.override === undefined ? null : new Decimal(row.override),
    rule: createRule(row.type, { maxType: 'TRAINING_MAX', ...row.parameters }),
  };
}
