/**
 * Encodes the verdicts on an event for the log: compact, explainable later, and without personal data of the
 * athlete.
 */
import type { FilterField, JsonObject, JsonValue } from '../../filters/filter.ts';
import { type CompactTrigger, decodeCompactTriggers, encodeCompactTriggers } from './compact-trigger.ts';
import { isReadable } from './compile-trigger.ts';
import type { Verdict } from './decide.ts';
import type { Match } from './match-event.ts';
import { redactFields } from './redact-fields.ts';
import type { VerdictReason, VerdictValues } from './verdict-reason.ts';

/** The stored verdict of one trigger. */
export interface Outcome {
  readonly triggerId: string;
  readonly version: number;
  readonly matched: boolean;
  readonly reason: VerdictReason;
  /**
   * One bit per condition in the order of the filter: `1` where it matched, else `0`. Empty for filters that
   * read no personal field, since their conditions can be recomputed from the stored data.
   */
  readonly conditions: string;
  readonly values: VerdictValues;
  /** Empty when the athlete was not enrolled. */
  readonly enrollmentId: string;
}

/** The verdicts of one run: the first evaluation of the event, a replay, or a retry. */
export interface Evaluation {
  /**
   * The athlete's fields that the filters read, with their values at that time; personal values are redacted.
   */
  readonly subject: JsonObject;
  /** The time zone in which the filters read dates. */
  readonly timeZone: string;
  readonly outcomes: readonly Outcome[];
  /** Triggers whose filters did not match, in compact form because they are most of an event's triggers. */
  readonly notMatched: readonly CompactTrigger[];
}

/** The part with `subject` starts an evaluation. `notMatched` is encoded by `encodeCompactTriggers`. */
type StoredPart =
  | { readonly subject: JsonObject; readonly timeZone: string; readonly notMatched?: Record<string, string> }
  | { readonly outcome: Outcome };

/** Builds the stored evaluation from the verdicts on one event. */
export function toEvaluation(
  verdicts: readonly Verdict[],
  enrollmentIds: ReadonlyMap<Verdict, string>,
): Evaluation {
  const outcomes: Outcome[] = [];
  const notMatched: CompactTrigger[] = [];
  const fields = new Set<FilterField>();
  for (const verdict of verdicts) {
    const { rule, compact } = verdict.match.trigger;
    if (verdict.reason === 'NOT_MATCHED') {
      const conditions = toConditionBits(verdict.match);
      notMatched.push(conditions === '' ? compact : { ...compact, conditions });
    } else {
      outcomes.push(toOutcome(verdict, enrollmentIds.get(verdict) ?? ''));
    }
    for (const field of isReadable(rule) ? rule.athleteFields : []) {
      fields.add(field);
    }
  }
  const input = verdicts[0]?.match.input;
  const subject = redactFields(input?.athlete ?? {}, fields);
  return { subject, timeZone: input?.timeZone ?? 'UTC', outcomes, notMatched };
}

function toOutcome({ match, reason, values }: Verdict, enrollmentId: string): Outcome {
  const { trigger, matched } = match;
  return {
    triggerId: trigger.id,
    version: trigger.version,
    conditions: toConditionBits(match),
    ...{ matched, reason, values, enrollmentId },
  };
}

/** See `Outcome.conditions`. */
function toConditionBits({ trigger: { rule }, input }: Match): string {
  if (!isReadable(rule) || rule.athleteFields.every(({ isPersonal }) => !isPersonal)) {
    return '';
  }
  return rule.filter
    .explain(input)
    .map(({ matched }) => (matched ? '1' : '0'))
    .join('');
}

/** Encodes evaluations for the column `events.outcomes`. */
export function encodeOutcomes(evaluations: readonly Evaluation[]): JsonValue[] {
  const parts = evaluations.flatMap(({ subject, timeZone, outcomes, notMatched }): StoredPart[] => [
    {
      subject,
      timeZone,
      ...(notMatched.length > 0 ? { notMatched: encodeCompactTriggers(notMatched) } : {}),
    },
    ...outcomes.map((outcome) => ({ outcome })),
  ]);
  return parts as unknown as JsonValue[];
}

/** Decodes the column `events.outcomes`. */
export function decodeOutcomes(stored: JsonValue): Evaluation[] {
  const evaluations: (Evaluation & { outcomes: Outcome[] })[] = [];
  for (const part of stored as unknown as readonly StoredPart[]) {
    if ('subject' in part) {
      const { subject, timeZone, notMatched = {} } = part;
      evaluations.push({ subject, timeZone, outcomes: [], notMatched: decodeCompactTriggers(notMatched) });
    } else {
      evaluations.at(-1)?.outcomes.push(part.outcome);
    }
  }
  return evaluations;
}
