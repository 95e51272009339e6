/** A second opinion on whole events: scope, order, counters, and the deload that wins; written without the engine. */
import {
  applyModelRule,
  type Change,
  type Facts,
  type Micro,
  type ModelRow,
  micro,
  plain,
  scopeOf,
  triggerOf,
} from './model-rules.ts';
import { factsOf, isBelowTarget, isMissed, isWork, type ModelSet } from './model-sets.ts';

/** The fields of an event that the model uses. Manual triggers count as forced. */
export type ModelEvent =
  | { readonly type: 'SETS_LOGGED'; readonly sessionId: string; readonly sets: readonly ModelSet[] }
  | {
      readonly type: 'SESSION_COMPLETED';
      readonly sessionId: string;
      readonly liftsPerformed: readonly string[];
    }
  | { readonly type: 'WEEK_ADVANCED' | 'CYCLE_COMPLETED' }
  /** A new enrollment in the same program. */
  | { readonly type: 'ENROLLED' }
  | { readonly type: 'MANUAL'; readonly progressionId: string; readonly liftId: string | null };

/** What holds after each event. */
export interface ModelState {
  /** By `lift MAX_TYPE`. */
  readonly maxes: Map<string, Micro>;
  /** By `lift rule`, as are the stages. */
  readonly failures: Map<string, number>;
  readonly stages: Map<string, number>;
  /** By `session lift MAX_TYPE`: what the session added, `null` after a deload. */
  readonly added: Map<string, Micro | null>;
}

/** A rule's trigger fired: with facts, as one more failure or success, or not for this lift. */
type Firing = Partial<Facts> | { readonly failed: boolean } | 'LIFT_NOT_PERFORMED' | null;

export interface Model {
  state(): ModelState;
  /** What each rule makes of the event, in the words of the scenario tables. */
  handle(event: ModelEvent): string[];
}

export function createModel(
  rows: readonly ModelRow[],
  lifts: readonly string[],
  start: ReadonlyMap<string, string>,
): Model {
  const scope = scopeOf(rows, lifts);
  const logged: { sessionId: string; set: ModelSet }[] = [];
  const missed = { WEEK_ADVANCED: new Set<string>(), CYCLE_COMPLETED: new Set<string>() };
  const performed = { WEEK_ADVANCED: new Set<string>(), CYCLE_COMPLETED: new Set<string>() };
  let kept: ModelState = {
    maxes: new Map([...start].map(([key, value]) => [key, micro(value)])),
    failures: new Map(),
    stages: new Map(),
    added: new Map(),
  };

  function setsOf(lift: string, ofSession?: string): ModelSet[] {
    const ofLift = logged.filter(({ set }) => set.liftId === lift);
    const id = ofSession ?? ofLift.findLast(({ set }) => isWork(set))?.sessionId;
    return ofLift.filter(({ sessionId }) => sessionId === id).map(({ set }) => set);
  }

  /** What the sessions of a lift have to come to, by the stages at hand before the event. */
  function volumesOf(lift: string, maxType: string): number[] {
    return scope
      .filter(({ row, lift: ofRow }) => ofRow === lift && row.enabled && row.parameters.failBy === 'VOLUME')
      .filter(({ row }) => row.parameters.maxType === maxType)
      .map(({ row }) => row.parameters.stages?.[kept.stages.get(`${lift} ${row.id}`) ?? 0]?.minVolume ?? 0);
  }

  /** One function per step, which returns the step for a row and a lift. */
  function stepsOf(event: ModelEvent): ((row: ModelRow, lift: string) => Firing)[] {
    switch (event.type) {
      case 'SETS_LOGGED':
        return event.sets.filter(isWork).map((set) => (row, lift) => {
          if (set.liftId !== lift) {
            return null;
          }
          const isCounted = triggerOf(row) === 'ON_FAILURE' && row.parameters.countBy !== 'SESSION';
          return triggerOf(row) === 'AFTER_SET'
            ? factsOf([set])
            : isCounted
              ? { failed: isMissed(set) }
              : null;
        });
      case 'SESSION_COMPLETED':
        return [
          (row, lift) => {
            const work = setsOf(lift, event.sessionId).filter(isWork);
            const isPerformed = event.liftsPerformed.includes(lift);
            const isBelow = isBelowTarget(work, volumesOf(lift, row.parameters.maxType));
            if (triggerOf(row) === 'AFTER_SESSION') {
              return isPerformed ? { ...factsOf(work), missed: isBelow } : 'LIFT_NOT_PERFORMED';
            }
            const isCounted = row.parameters.countBy === 'SESSION' && isPerformed && work.length > 0;
            return isCounted ? { failed: isBelow } : null;
          },
        ];
      case 'MANUAL':
        return [
          (row, lift) =>
            row.id === event.progressionId && (event.liftId ?? lift) === lift
              ? { ...factsOf(setsOf(lift)), byHand: true }
              : null,
        ];
      case 'ENROLLED':
        return [];
      default: {
        const trigger = event.type === 'WEEK_ADVANCED' ? 'AFTER_WEEK' : 'AFTER_CYCLE';
        return [
          (row, lift) =>
            triggerOf(row) === trigger
              ? { missed: missed[event.type].has(lift), performed: performed[event.type].has(lift) }
              : null,
        ];
      }
    }
  }

  /** The whole event, with every increment of what is in `held` held back. */
  function draft(event: ModelEvent, held: ReadonlySet<string>) {
    const state = copyOf(kept);
    const session = 'sessionId' in event ? `${event.sessionId} ` : null;
    const before = (key: string) => (session === null ? 0n : kept.added.get(session + key));
    const ups = new Set<string>();
    const downs = new Set<string>();
    const take = (row: ModelRow, lift: string, facts: Partial<Facts>): Change | string => {
      const key = `${lift} ${row.parameters.maxType}`;
      const value = state.maxes.get(key);
      if (value === undefined) {
        return 'NO_CURRENT_MAX';
      }
      const ruleKey = `${lift} ${row.id}`;
      const stage = state.stages.get(ruleKey) ?? 0;
      const all = { ...NO_FACTS, ...facts, failures: state.failures.get(ruleKey) ?? 0, stage };
      const outcome = applyModelRule(row, value, all);
      if (typeof outcome === 'string' || outcome.value === value) {
        return outcome;
      }
      if (outcome.value > value) {
        if (held.has(key) || before(key) === null) {
          return 'SUPERSEDED_BY_DELOAD';
        }
        ups.add(key);
        return outcome;
      }
      const base = value - (downs.has(key) ? 0n : (before(key) ?? 0n));
      const fromBase = applyModelRule(row, base, all);
      const lighter = typeof fromBase === 'string' ? { ...outcome, value: base } : fromBase;
      if (lighter.value < value) {
        downs.add(key);
      }
      return lighter;
    };
    const lines: string[] = [];
    for (const step of stepsOf(event)) {
      for (const { row, lift } of scope) {
        const firing = step(row, lift);
        if (firing !== null) {
          const line = fire(row, lift, firing, state, take, session);
          lines.push(...(line ? [line] : []));
        }
      }
    }
    return { state, lines, contested: [...ups].filter((key) => downs.has(key) && !held.has(key)) };
  }

  return {
    state: () => kept,
    handle(event) {
      let result = draft(event, new Set());
      for (const held = new Set<string>(); result.contested.length > 0; result = draft(event, held)) {
        for (const key of result.contested) {
          held.add(key);
        }
      }
      kept = result.state;
      if (event.type === 'SETS_LOGGED') {
        logged.push(...event.sets.map((set) => ({ sessionId: event.sessionId, set })));
        for (const set of event.sets.filter(isWork)) {
          for (const period of ['WEEK_ADVANCED', 'CYCLE_COMPLETED'] as const) {
            performed[period].add(set.liftId);
            if (isMissed(set)) {
              missed[period].add(set.liftId);
            }
          }
        }
      } else if (event.type === 'WEEK_ADVANCED' || event.type === 'CYCLE_COMPLETED') {
        missed[event.type].clear();
        performed[event.type].clear();
      } else if (event.type === 'ENROLLED') {
        kept.failures.clear();
        kept.stages.clear();
        for (const lifts of [...Object.values(missed), ...Object.values(performed)]) {
          lifts.clear();
        }
      }
      return result.lines;
    },
  };
}

const NO_FACTS = {
  byHand: false,
  missed: false,
  performed: false,
  amrap: false,
  reps: null,
  allReps: [],
  light: false,
};

/** Counts, applies the rule, stores its changes, and returns the result. */
function fire(
  row: ModelRow,
  lift: string,
  firing: NonNullable<Firing>,
  state: ModelState,
  take: (row: ModelRow, lift: string, facts: Partial<Facts>) => Change | string,
  session: string | null,
): string | null {
  const ruleKey = `${lift} ${row.id}`;
  const maxKey = `${lift} ${row.parameters.maxType}`;
  const isJudged = typeof firing === 'object' && 'failed' in firing;
  if (isJudged && row.enabled) {
    state.failures.set(ruleKey, firing.failed ? (state.failures.get(ruleKey) ?? 0) + 1 : 0);
  }
  if (isJudged && !firing.failed) {
    return null;
  }
  const value = state.maxes.get(maxKey) ?? 0n;
  let outcome: Change | string = 'DISABLED';
  if (row.enabled) {
    outcome = typeof firing === 'string' ? firing : take(row, lift, isJudged ? {} : firing);
  }
  if (typeof outcome !== 'string') {
    state.maxes.set(maxKey, outcome.value);
    if (outcome.stage !== undefined) {
      state.stages.set(ruleKey, outcome.stage);
    }
    if (outcome.resets) {
      state.failures.set(ruleKey, 0);
    }
    if (session !== null && outcome.value !== value) {
      const added = state.added.get(session + maxKey);
      const isDown = outcome.value < value || added === null;
      state.added.set(session + maxKey, isDown ? null : (added ?? 0n) + outcome.value - value);
    }
  }
  const said = typeof outcome === 'string' ? outcome : `${plain(value)} → ${plain(outcome.value)}`;
  const stage = row.type === 'STAGE_PROGRESSION' ? ` stage ${state.stages.get(ruleKey) ?? 0}` : '';
  return `${row.id} ${lift} ${said}${stage}`;
}

function copyOf({ maxes, failures, stages, added }: ModelState): ModelState {
  return {
    maxes: new Map(maxes),
    failures: new Map(failures),
    stages: new Map(stages),
    added: new Map(added),
  };
}
