/** Stream records: one per fact, with the attribute names of CloudEvents; see docs/events.md. */

import type { Fact } from '../../store/entities/outbox-entry.ts';
import { instantToText } from '../../values/instant.ts';
import type { WaitingEntry } from '../outbox-entries.ts';
import type { Partition } from '../partition-queue.ts';

/** The field names and values of a record. */
export type StreamRecord = Readonly<Record<string, string>>;

/** Name of a partition's stream. The hash tag puts all of them on one node of a Redis Cluster. */
export function toStreamName(partition: number): string {
  return `progression:{events}:${partition}`;
}

/** Builds the records of an entry in the order of its facts. */
export function toStreamRecords({ accountId, partition }: Partition, entry: WaitingEntry): StreamRecord[] {
  return entry.facts.map((fact, position) => ({
    specversion: '1.0',
    id: fact.id,
    source: `/accounts/${accountId}`,
    type: fact.type,
    subject: entry.userId ?? '',
    time: instantToText(entry.occurredAt),
    datacontenttype: 'application/json',
    data: JSON.stringify(fact.data),
    ...(fact.previous ? { previous: JSON.stringify(fact.previous) } : {}),
    account: accountId,
    partition: String(partition),
    sequence: String(entry.sequence),
    position: String(position),
    recordedtime: instantToText(entry.recordedAt),
    actor: entry.actor,
    ...toOriginFields(fact, entry),
  }));
}

/** Root, cause and depth; an event without a cause is its own root. */
function toOriginFields(fact: Fact, { cause }: WaitingEntry): StreamRecord {
  return cause
    ? { rootid: cause.rootEventId, causationid: cause.causationId, depth: String(cause.depth) }
    : { rootid: fact.id, depth: '0' };
}
