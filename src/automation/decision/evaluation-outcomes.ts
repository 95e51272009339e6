/**
 * What the log keeps of an event's verdicts: enough to say later how each was reached, in little room, and nothing that
 * says who the athlete is.
 */
import type { FilterField, JsonObject, JsonValue } from '../../filters/filter.ts';
import { type CompactTrigger, decodeCompactTriggers, encodeCompactTriggers } from './compact-trigger.ts';
import { isReadable } from './compile-trigger.ts';
import type { Verdict } from './decide.ts';
import type { Match } from './match-event.ts';
import { redactFields } from './redact-fields.ts';
import type { VerdictReason, VerdictValues } from './verdict-reason.ts';

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
  /** The athlete's fields that the filters looked at, as they were; personal ones masked. */
  readonly subject: JsonObject;
  /** Whose calendar counted. */
  readonly timeZone: string;
  readonly outcomes: readonly Outcome[];
  /** Triggers whose filters did not match: nearly all of an event's. */
  readonly notMatched: readonly CompactTrigger[];
}

/** `subject` begins an evaluation. `notMatched` is as packTriggers makes it. */
type StoredPart =
  | { readonly subject: JsonObject; readonly timeZone: string; readonly notMatched?: Record<string, string> }
  | { readonly outcome: Outcome };

/** The verdicts of one event. */
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

/** See Outcome. */
function toConditionBits({ trigger: { rule }, input }: Match): string {
  if (!isReadable(rule) || rule.athleteFields.every(({ isPersonal }) => !isPersonal)) {
    return '';
  }
  return rule.filter
    .explain(input)
    .map(({ matched }) => (matched ? '1' : '0'))
    .join('');
}

/** For the column events.outcomes. */
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

/** From the column. */
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
