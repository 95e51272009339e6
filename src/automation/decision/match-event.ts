/** Matches an event against the filters of its candidate triggers. Pure. */
import type { FilterInput } from '../../filters/filter.ts';
import type { Subject } from '../evaluation/load-subjects.ts';
import type { AcceptedEvent } from './accepted-event.ts';
import { type CompiledTrigger, isReadable } from './compile-trigger.ts';

/** An event, a candidate trigger, and whether the trigger's filter matches. */
export interface Match {
  readonly event: AcceptedEvent;
  readonly userId: string;
  readonly trigger: CompiledTrigger;
  /** Null when the athlete never existed. */
  readonly subject: Subject | null;
  /** The input of the filter. */
  readonly input: FilterInput;
  /** False for an unreadable trigger. */
  readonly matched: boolean;
}

/**
 * Returns matches in the order of the triggers; none for an event without an athlete. With `isBrief`,
 * triggers whose filter does not match are left out.
 */
export function matchEvent(
  event: AcceptedEvent,
  triggers: readonly CompiledTrigger[],
  subject: Subject | null,
  { isBrief = false }: { readonly isBrief?: boolean } = {},
): Match[] {
  const { userId } = event;
  if (userId === null) {
    return [];
  }
  const input = toFilterInput(event, subject);
  const matches: Match[] = [];
  for (const trigger of triggers) {
    const { rule } = trigger;
    const matched = isReadable(rule) && rule.filter.matches(input);
    if (matched || !isBrief || !isReadable(rule)) {
      matches.push({ event, userId, trigger, subject, input, matched });
    }
  }
  return matches;
}

function toFilterInput(event: AcceptedEvent, subject: Subject | null): FilterInput {
  return {
    event: event.data,
    origin: { actor: event.actor },
    previous: event.previous,
    athlete: subject?.document ?? {},
    occurredAt: event.occurredAt,
    timeZone: subject?.timeZone ?? 'UTC',
  };
}
