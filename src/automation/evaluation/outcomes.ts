/**
 * What the log keeps of an event’s verdicts: enough to say later how each was reached, in little room, and nothing that
 * says who the athlete is.
 */
import { valueAt } from '../filters/documents.ts';
import type { JsonObject, JsonValue } from '../filters/filter.ts';
import { isReadable } from './compile-trigger.ts';
import type { Verdict } from './decide.ts';
import { masked } from './mask.ts';
import type { VerdictReason, VerdictValues } from './verdict.ts';

/** The verdict of one trigger, as kept. */
export interface Outcome {
  readonly triggerId: string;
  readonly version: number;
  readonly matched: boolean;
  readonly reason: VerdictReason;
  /**
   * For each condition in the order of the filter, `1` where it matched, else `0`. Empty where that can be told from
   * what is kept besides: of filters that look at nothing that is masked.
   */
  readonly conditions: string;
  readonly values: VerdictValues;
  /** Empty when nobody was enrolled. */
  readonly enrollmentId: string;
}

/** Verdicts that were reached together: when the event was evaluated, or by a replay or a retry later on. */
export interface Evaluation {
  /** The athlete’s fields that the filters looked at, as they were; personal ones masked. */
  readonly subject: JsonObject;
  /** Whose calendar counted. */
  readonly timeZone: string;
  readonly outcomes: readonly Outcome[];
}

/** Most verdicts are of filters that did not match: those are lists, not objects. */
type NotMatched = readonly [triggerId: string, version: number, conditions: string];

/** `subject` begins an evaluation. */
type StoredPart =
  | { readonly subject: JsonObject; readonly timeZone: string }
  | { readonly notMatched: readonly NotMatched[] }
  | { readonly outcome: Outcome };

/** The verdicts of one event. */
export function evaluationOf(
  verdicts: readonly Verdict[],
  enrollmentIds: ReadonlyMap<Verdict, string>,
): Evaluation {
  const outcomes = verdicts.map((verdict) => outcomeOf(verdict, enrollmentIds.get(verdict) ?? ''));
  const timeZone = verdicts[0]?.match.input.timeZone ?? 'UTC';
  return { subject: subjectOf(verdicts), timeZone, outcomes };
}

function outcomeOf(verdict: Verdict, enrollmentId: string): Outcome {
  const { trigger, matched, input } = verdict.match;
  const { rule } = trigger;
  const looksAtMasked = isReadable(rule) && rule.athleteFields.some(({ isPersonal }) => isPersonal);
  const explained = looksAtMasked ? rule.filter.explain(input) : [];
  return {
    triggerId: trigger.id,
    version: trigger.version,
    matched,
    reason: verdict.reason,
    conditions: explained.map((condition) => (condition.matched ? '1' : '0')).join(''),
    values: verdict.values,
    enrollmentId,
  };
}

function subjectOf(verdicts: readonly Verdict[]): JsonObject {
  const subject: Record<string, JsonValue> = {};
  for (const { match } of verdicts) {
    const { rule } = match.trigger;
    for (const { path, isPersonal } of isReadable(rule) ? rule.athleteFields : []) {
      const value = valueAt(match.input.athlete, path);
      putAt(subject, path, (isPersonal ? masked(value) : value) ?? null);
    }
  }
  return subject;
}

function putAt(
  target: Record<string, JsonValue>,
  [name = '', ...rest]: readonly string[],
  value: JsonValue,
): void {
  if (rest.length === 0) {
    setOwn(target, name, value);
    return;
  }
  const inner: Record<string, JsonValue> = { ...(valueAt(target, [name]) as JsonObject | undefined) };
  putAt(inner, rest, value);
  setOwn(target, name, inner);
}

/** Also a name such as `__proto__`, which an assignment would take for something else. */
function setOwn(target: Record<string, JsonValue>, name: string, value: JsonValue): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/** For the column events.outcomes. */
export function encodeOutcomes(evaluations: readonly Evaluation[]): JsonValue[] {
  return evaluations.flatMap(({ subject, timeZone, outcomes }) => {
    const brief = outcomes.filter(isBrief);
    const parts: StoredPart[] = [
      { subject, timeZone },
      ...(brief.length > 0 ? [{ notMatched: brief.map(notMatchedOf) }] : []),
      ...outcomes.filter((outcome) => !isBrief(outcome)).map((outcome) => ({ outcome })),
    ];
    return parts as unknown as JsonValue[];
  });
}

/** From the column. */
export function decodeOutcomes(stored: JsonValue): Evaluation[] {
  const evaluations: (Evaluation & { outcomes: Outcome[] })[] = [];
  for (const part of stored as unknown as readonly StoredPart[]) {
    if ('subject' in part) {
      evaluations.push({ ...part, outcomes: [] });
    } else {
      const outcomes = 'outcome' in part ? [part.outcome] : part.notMatched.map(outcomeOfNotMatched);
      evaluations.at(-1)?.outcomes.push(...outcomes);
    }
  }
  return evaluations;
}

function isBrief({ reason, values }: Outcome): boolean {
  return reason === 'NOT_MATCHED' && Object.keys(values).length === 0;
}

function notMatchedOf({ triggerId, version, conditions }: Outcome): NotMatched {
  return [triggerId, version, conditions];
}

function outcomeOfNotMatched([triggerId, version, conditions]: NotMatched): Outcome {
  return {
    ...{ triggerId, version, conditions },
    matched: false,
    reason: 'NOT_MATCHED',
    values: {},
    enrollmentId: '',
  };
}
