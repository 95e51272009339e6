/** Evaluates an event: pure, without clock, I/O, ORM or protobuf. */
import type { Decimal } from 'decimal.js';
import type { Instant } from '../../values/instant.ts';
import type { Application, CurrentStage, Plan, RuleMemory, RuleResult } from './plan.ts';
import { type Assignment, assignmentAt } from './program-rules.ts';
import type { Rule, RuleOutcome, SkipReason, TriggerType } from './rules/rule.ts';
import { applyRule } from './rules/rule-types.ts';
import {
  type CurrentMax,
  type FailureCount,
  maxKey,
  ruleKey,
  type Snapshot,
  stageWithin,
} from './snapshot.ts';
import type { TriggerEvent } from './trigger-event.ts';
import type { Step, Verdict } from './triggers/trigger.ts';
import { stepsOf } from './triggers/trigger-types.ts';

/**
 * Evaluates an event against a snapshot. A deload and an increment never both apply to one lift max in one
 * event: where both would, the event is evaluated again with the increments of that lift max withheld.
 */
export function evaluate(event: TriggerEvent, snapshot: Snapshot): Plan {
  const assignments = assignmentsOf(event, snapshot);
  const steps = stepsOf(event, { ...snapshot, program: { ...snapshot.program, assignments } });
  const deloadedKeys = new Set<string>();
  for (;;) {
    const evaluation = new Evaluation(snapshot, deloadedKeys);
    for (const step of steps) {
      for (const assignment of assignments) {
        evaluation.take(step, assignment, step.judge(assignment));
      }
    }
    const contested = evaluation.contestedKeys();
    if (contested.length === 0) {
      return evaluation.plan();
    }
    for (const key of contested) {
      deloadedKeys.add(key);
    }
  }
}

/** The program's assignments as they are for the athlete at the time of the event. */
function assignmentsOf({ occurredAt }: TriggerEvent, snapshot: Snapshot): readonly Assignment[] {
  const { overrides, program } = snapshot;
  return overrides && overrides.size > 0
    ? program.assignments.map((assignment) => assignmentAt(assignment, overrides, occurredAt))
    : program.assignments;
}

/** One pass over the steps; later rules see the results of earlier ones. */
class Evaluation {
  readonly #snapshot: Snapshot;
  readonly #deloadedKeys: Set<string>;
  readonly #incrementedKeys = new Set<string>();
  readonly #newlyDeloadedKeys = new Set<string>();
  readonly #maxes: Map<string, CurrentMax>;
  readonly #failureCounts = new Map<string, RuleMemory<FailureCount>>();
  readonly #stages = new Map<string, RuleMemory<number>>();
  readonly #results: RuleResult[] = [];

  constructor(snapshot: Snapshot, deloadedKeys: ReadonlySet<string>) {
    this.#snapshot = snapshot;
    this.#maxes = new Map(snapshot.maxes);
    this.#deloadedKeys = new Set(deloadedKeys);
    for (const [key, change] of snapshot.sessionChanges) {
      if (change.isDeloaded) {
        this.#deloadedKeys.add(key);
      }
    }
  }

  plan(): Plan {
    return {
      results: this.#results,
      failureCounts: [...this.#failureCounts.values()],
      stages: [...this.#stages.values()],
    };
  }

  /** Lift maxes that this pass has both increased and deloaded. */
  contestedKeys(): string[] {
    return [...this.#newlyDeloadedKeys].filter((key) => this.#incrementedKeys.has(key));
  }

  take(step: Step, assignment: Assignment, verdict: Verdict): void {
    switch (verdict.kind) {
      case 'UNCONCERNED':
        return;
      case 'MET':
        if (assignment.enabled) {
          this.#countMet(assignment, step.at);
        }
        return;
      case 'SKIPPED':
      case 'FIRED': {
        if (!assignment.enabled) {
          const reason = assignment.override?.isOff ? 'OFF_FOR_ATHLETE' : 'DISABLED';
          this.#addSkip(assignment, verdict.triggerType, reason);
        } else if (verdict.kind === 'SKIPPED') {
          this.#addSkip(assignment, verdict.triggerType, verdict.reason, verdict.logId);
        } else {
          this.#fire(step, assignment, verdict);
        }
      }
    }
  }

  #fire(step: Step, assignment: Assignment, verdict: Extract<Verdict, { kind: 'FIRED' }>): void {
    if (verdict.failedSet) {
      this.#countFailure(assignment, verdict.failedSet.performedAt);
    }
    const current = this.#maxes.get(maxKey(assignment.liftId, assignment.rule.maxType));
    if (!current) {
      this.#addSkip(assignment, verdict.triggerType, 'NO_CURRENT_MAX');
      return;
    }
    const outcome = this.#decide(assignment, verdict, current);
    if (outcome.applied) {
      this.#apply(step, assignment, verdict, current, outcome);
    } else {
      this.#addSkip(assignment, verdict.triggerType, outcome.reason);
    }
  }

  /** The rule's outcome; a deload within a session starts from the value before the session's increments. */
  #decide(
    assignment: Assignment,
    verdict: Extract<Verdict, { kind: 'FIRED' }>,
    current: CurrentMax,
  ): RuleOutcome {
    const { rule, overrideIncrement } = assignment;
    const key = maxKey(assignment.liftId, rule.maxType);
    const applyTo = (currentValue: Decimal) =>
      applyRule(rule, {
        ...verdict.facts,
        triggerType: verdict.triggerType,
        maxType: rule.maxType,
        currentValue,
        overrideIncrement,
        overrideBounds: assignment.override,
        consecutiveFailures: this.#failureCountOf(assignment).consecutiveFailures,
        stage: this.#stageOf(assignment),
      });
    const outcome = applyTo(current.value);
    if (!outcome.applied || outcome.newValue.eq(current.value)) {
      return outcome;
    }
    if (outcome.newValue.gt(current.value)) {
      return this.#deloadedKeys.has(key) ? { applied: false, reason: 'SUPERSEDED_BY_DELOAD' } : outcome;
    }
    const added = this.#snapshot.sessionChanges.get(key)?.added;
    if (!added?.gt(0) || this.#newlyDeloadedKeys.has(key)) {
      return outcome;
    }
    const before = current.value.minus(added);
    const outcomeBefore = applyTo(before);
    return outcomeBefore.applied ? outcomeBefore : { ...outcome, newValue: before };
  }

  #apply(
    step: Step,
    assignment: Assignment,
    verdict: Extract<Verdict, { kind: 'FIRED' }>,
    current: CurrentMax,
    outcome: Extract<RuleOutcome, { applied: true }>,
  ): void {
    const { liftId, progressionId, rule } = assignment;
    const key = maxKey(liftId, rule.maxType);
    const failures = this.#failureCountOf(assignment);
    const stageBefore = this.#stageOf(assignment);
    const context = verdict.failedSet
      ? { ...verdict.context, consecutiveFailures: failures.consecutiveFailures }
      : verdict.context;
    const application: Application = {
      triggerKey: step.triggerKey,
      context,
      appliedAt: step.at,
      version: current.version + 1,
      previousValue: current.value,
      newValue: outcome.newValue,
      unit: current.unit,
      failuresBefore: outcome.resetsFailures ? failures.consecutiveFailures : null,
      stageBefore: outcome.stage === undefined ? null : stageBefore,
      stageAfter: outcome.stage ?? null,
    };
    this.#maxes.set(key, { ...current, value: outcome.newValue, version: application.version });
    if (!outcome.newValue.eq(current.value)) {
      (outcome.newValue.lt(current.value) ? this.#newlyDeloadedKeys : this.#incrementedKeys).add(key);
    }
    if (outcome.resetsFailures) {
      this.#setFailureCount(assignment, { ...failures, consecutiveFailures: 0 });
    }
    if (outcome.stage !== undefined) {
      this.#stages.set(ruleKey(liftId, progressionId), { liftId, progressionId, value: outcome.stage });
    }
    const described = this.#describe(assignment, verdict.triggerType);
    const left = stageAt(rule, stageBefore);
    this.#results.push({ ...described, stageBefore: left, reason: null, application });
  }

  #addSkip(
    assignment: Assignment,
    triggerType: TriggerType,
    reason: SkipReason,
    earlierLogId: string | null = null,
  ): void {
    this.#results.push({
      ...this.#describe(assignment, triggerType),
      reason,
      application: null,
      earlierLogId,
    });
  }

  #describe(assignment: Assignment, triggerType: TriggerType) {
    const { liftId, progressionId, programProgressionId, rule } = assignment;
    const stage = stageAt(rule, this.#stageOf(assignment));
    return {
      programProgressionId,
      overrideId: assignment.override?.overrideId ?? null,
      progressionId,
      liftId,
      maxType: rule.maxType,
      triggerType,
      value: this.#maxes.get(maxKey(liftId, rule.maxType))?.value ?? null,
      stageBefore: stage,
      stage,
      earlierLogId: null,
    };
  }

  #countFailure(assignment: Assignment, at: Instant): void {
    const before = this.#failureCountOf(assignment);
    this.#setFailureCount(assignment, {
      ...before,
      consecutiveFailures: before.consecutiveFailures + 1,
      lastFailureAt: at,
    });
  }

  #countMet(assignment: Assignment, at: Instant): void {
    this.#setFailureCount(assignment, {
      ...this.#failureCountOf(assignment),
      consecutiveFailures: 0,
      lastSuccessAt: at,
    });
  }

  #setFailureCount({ liftId, progressionId }: Assignment, value: FailureCount): void {
    this.#failureCounts.set(ruleKey(liftId, progressionId), { liftId, progressionId, value });
  }

  #failureCountOf({ liftId, progressionId }: Assignment): FailureCount {
    const key = ruleKey(liftId, progressionId);
    return this.#failureCounts.get(key)?.value ?? this.#snapshot.failureCounts.get(key) ?? NEVER_FAILED;
  }

  #stageOf({ liftId, progressionId, rule }: Assignment): number {
    const key = ruleKey(liftId, progressionId);
    return stageWithin(rule, this.#stages.get(key)?.value ?? this.#snapshot.stages.get(key));
  }
}

/** A stage of the rule with its prescription; null when the rule has no stages. */
function stageAt({ stages }: Rule, index: number): CurrentStage | null {
  const stage = stages?.[index];
  return stage ? { index, ...stage } : null;
}

const NEVER_FAILED: FailureCount = { consecutiveFailures: 0, lastFailureAt: null, lastSuccessAt: null };
