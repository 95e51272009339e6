/**
 * What the log keeps of an event’s verdicts: enough to say later how each was reached, in little room, and nothing that
 * says who the athlete is.
 */
import { valueAt } from '../filters/documents.ts';
import { isList, type JsonObject, type JsonValue } from '../filters/filter.ts';
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
  /** For each condition in the order of the filter, `1` where it matched, else `0`; empty for an ERROR. */
  readonly conditions: string;
  readonly values: VerdictValues;
  /** Empty when nobody was enrolled. */
  readonly enrollmentId: string;
}

/** The column events.outcomes. */
export interface StoredOutcomes {
  /** The athlete’s fields that filters looked at, as they were; personal ones masked. */
  readonly subject: JsonObject;
  readonly outcomes: readonly Outcome[];
}

/** Most verdicts are of filters that did not match: those are lists, not objects. */
type NotMatched = readonly [triggerId: string, version: number, conditions: string];

export function outcomeOf(verdict: Verdict, enrollmentId: string): Outcome {
  const { trigger, matched, input } = verdict.match;
  const { rule } = trigger;
  const explained = isReadable(rule) ? rule.filter.explain(input) : [];
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

/** What the verdicts’ filters looked at. */
export function subjectOf(verdicts: readonly Verdict[]): JsonObject {
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

export function encodeOutcomes({ subject, outcomes }: StoredOutcomes): JsonValue[] {
  const isBrief = ({ reason, matched, values }: Outcome) =>
    reason === 'NOT_MATCHED' && !matched && Object.keys(values).length === 0;
  const brief = outcomes
    .filter(isBrief)
    .map(({ triggerId, version, conditions }) => [triggerId, version, conditions] satisfies NotMatched);
  return [
    ...(Object.keys(subject).length > 0 ? [{ subject }] : []),
    ...(brief.length > 0 ? [{ notMatched: brief }] : []),
    ...outcomes.filter((outcome) => !isBrief(outcome)).map((outcome) => ({ ...outcome })),
  ];
}

/** From the column. */
export function decodeOutcomes(stored: JsonValue): StoredOutcomes {
  const parts = (isList(stored) ? stored : []) as readonly {
    readonly subject?: JsonObject;
    readonly notMatched?: readonly NotMatched[];
    readonly triggerId?: string;
  }[];
  return {
    subject: parts.find((part) => part.subject)?.subject ?? {},
    outcomes: parts.flatMap((part) =>
      part.notMatched
        ? part.notMatched.map(notMatchedOutcome)
        : part.triggerId
          ? [part as unknown as Outcome]
          : [],
    ),
  };
}

function notMatchedOutcome([triggerId, version, conditions]: NotMatched): Outcome {
  return {
    triggerId,
    version,
    conditions,
    matched: false,
    reason: 'NOT_MATCHED',
    values: {},
    enrollmentId: '',
  };
}
