/** Holds an event against the filters of its candidates. No clock, no I/O. */
import type { FilterInput } from '../../filters/filter.ts';
import type { Subject } from '../evaluation/load-subjects.ts';
import type { AcceptedEvent } from './accepted-event.ts';
import { type CompiledTrigger, isReadable } from './compile-trigger.ts';

/** An event, a trigger that it may concern, and what the trigger's filter says of it. */
export interface Match {
  readonly event: AcceptedEvent;
  readonly userId: string;
  readonly trigger: CompiledTrigger;
  /** null: there never was such an athlete. */
  readonly subject: Subject | null;
  /** What the filter was asked about. */
  readonly input: FilterInput;
  /** False for a trigger that cannot be read. */
  readonly matched: boolean;
}

/** In the order of the triggers; none for an event that is about no athlete. If brief, without what does not match. */
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
    previous: event.previous,
    athlete: subject?.document ?? {},
    occurredAt: event.occurredAt,
    timeZone: subject?.timeZone ?? 'UTC',
  };
}
