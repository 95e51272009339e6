/** Counts, in the process, events of an athlete's history that are not in the log yet. */
import { type CompiledFilter, compileFilter } from '../../filters/compile-filter.ts';
import type { HistorySpec } from '../../filters/filter.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';

/** The pending events of the same athlete that count, up to and with the event itself; each id once. */
export function countPendingEvents(
  spec: HistorySpec,
  event: AcceptedEvent,
  pending: readonly AcceptedEvent[],
): number {
  const counted = pending.filter(
    (each) =>
      each.userId === event.userId &&
      each.type === spec.event &&
      each.occurredAt > event.occurredAt - spec.span &&
      each.occurredAt <= event.occurredAt &&
      !isLater(each, event) &&
      matches(spec, each),
  );
  return new Set(counted.map(({ id }) => id)).size;
}

function isLater(one: AcceptedEvent, other: AcceptedEvent): boolean {
  return one.sequence === other.sequence ? one.position > other.position : one.sequence > other.sequence;
}

const compiled = new WeakMap<HistorySpec, CompiledFilter>();

/** The event's data takes the place of the athlete's document; see HistorySpec. */
function matches(spec: HistorySpec, { data, occurredAt }: AcceptedEvent): boolean {
  const filter = compiled.get(spec) ?? compileFilter(spec.filter, spec.fields);
  compiled.set(spec, filter);
  return filter.matches({ athlete: data, event: {}, previous: null, occurredAt, timeZone: 'UTC' });
}
