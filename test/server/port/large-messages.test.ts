/** Large messages are read and written in slices, and are the same as at once. */

import { setTimeout as delay } from 'node:timers/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import {
  ListEventsResponseSchema,
  PublishEventsRequestSchema,
} from '../../../src/gen/automation/v1/event_service_pb.ts';
import { parseInSlices, serializeInSlices } from '../../../src/server/port/large-messages.ts';
import { newId } from '../../../src/values/new-id.ts';

const EVENTS = 500;
const data = Object.fromEntries(Array.from({ length: 40 }, (_, field) => [`f${field}`, field]));
const events = () => Array.from({ length: EVENTS }, () => ({ id: newId(), type: 'payment_received', data }));
const published = () => create(PublishEventsRequestSchema, { events: events() });
const listed = () => create(ListEventsResponseSchema, { events: events(), nextPageToken: 'next' });
const fail = () => expect.unreachable();

/** Turns of the event loop that others have while the work runs. */
async function countTurns(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await delay(0);
    turns += 1;
  }
  await over;
  return turns;
}

describe('a large message', () => {
  test('is the same when it is read in slices', async () => {
    const message = published();
    const bytes = toBinary(PublishEventsRequestSchema, message);

    expect(await parseInSlices(PublishEventsRequestSchema, bytes, fail)).toEqual(message);
  });

  test('is the same when it is written in slices', async () => {
    const message = listed();
    const bytes = await serializeInSlices(ListEventsResponseSchema, message, (part) =>
      toBinary(ListEventsResponseSchema, part),
    );

    expect(fromBinary(ListEventsResponseSchema, bytes)).toEqual(message);
  });

  test('leaves turns to other work while it is read and written', async () => {
    const bytes = toBinary(PublishEventsRequestSchema, published());
    const reading = parseInSlices(PublishEventsRequestSchema, bytes, fail);
    const writing = serializeInSlices(ListEventsResponseSchema, listed(), (part) =>
      toBinary(ListEventsResponseSchema, part),
    );

    expect(await countTurns(Promise.all([reading, writing]))).toBeGreaterThan(2);
  });

  test('is read after those that came before, so that one at a time is half read', async () => {
    const order: string[] = [];
    const first = parseInSlices(
      PublishEventsRequestSchema,
      toBinary(PublishEventsRequestSchema, published()),
      fail,
    ).then(() => order.push('first'));
    // Of which the first byte is wrong.
    const second = parseInSlices(PublishEventsRequestSchema, Buffer.alloc(64 * 1024, 0xff), () => {
      order.push('second');
      return create(PublishEventsRequestSchema);
    });
    await Promise.all([first, second]);

    expect(order).toEqual(['first', 'second']);
  });

  test('that is cut short is refused as at once', async () => {
    const bytes = toBinary(PublishEventsRequestSchema, published()).subarray(0, -1);
    const parse = (all: Uint8Array) => fromBinary(PublishEventsRequestSchema, all);

    await expect(parseInSlices(PublishEventsRequestSchema, bytes, parse)).rejects.toThrow();
    expect(() => parse(bytes)).toThrow();
  });
});
