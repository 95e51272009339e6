/** ListDeadLetters: lists what could not be evaluated, most recent failure first. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FilterQuery } from '@mikro-orm/core';
import { enumName, enumValue } from '../calls/enum-name.ts';
import {
  type DeadLetterSchema,
  DeadLetterState,
  DeadLetterStateSchema,
  type ListDeadLettersRequest,
} from '../gen/automation/v1/event_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { type DeadLetter, DeadLetterEntity } from '../store/entities/dead-letter.ts';
import { type Page, readPage } from '../store/page.ts';
import { type Instant, instantToTimestamp } from '../values/instant.ts';

/** The states that a dead letter can still leave. */
const OPEN = ['RETRYING', 'DEAD'];

/** Sorted by the time of the last failure, then id, descending. Errors: PAGE_TOKEN_INVALID. */
export function listDeadLetters(
  tx: Transaction,
  request: ListDeadLettersRequest,
  defaultPageSize: number,
): Promise<Page<DeadLetter>> {
  const { accountId, em } = tx;
  const { state, triggerId } = request;
  const states = state === DeadLetterState.UNSPECIFIED ? OPEN : [enumName(DeadLetterStateSchema, state)];
  const where: FilterQuery<DeadLetter> = {
    accountId,
    state: { $in: states },
    ...(triggerId ? { triggerId } : {}),
  };
  return readPage(
    {
      filter: ['ListDeadLetters', accountId, states.join(), triggerId],
      keyKinds: ['instant', 'uuid'],
      defaultPageSize,
      keyOf: (letter: DeadLetter) => [letter.lastFailedAt, letter.id],
      rows: (after, limit) =>
        em.find(DeadLetterEntity, after ? { $and: [where, isAfterCursor(after)] } : where, {
          orderBy: { lastFailedAt: 'desc', id: 'desc' },
          limit,
        }),
      count: () => em.count(DeadLetterEntity, where),
    },
    request,
  );
}

function isAfterCursor([lastFailedAt, id]: readonly [Instant, string]): FilterQuery<DeadLetter> {
  return { $or: [{ lastFailedAt: { $lt: lastFailedAt } }, { lastFailedAt, id: { $lt: id } }] };
}

export function deadLetterMessage(letter: DeadLetter): MessageInitShape<typeof DeadLetterSchema> {
  const { id, eventId, attempts, reason, message, nextAttemptAt } = letter;
  return {
    ...{ id, eventId, attempts, reason, message },
    triggerId: letter.triggerId ?? '',
    userId: letter.userId ?? '',
    state: enumValue(DeadLetterStateSchema, letter.state),
    firstFailedAt: instantToTimestamp(letter.firstFailedAt),
    lastFailedAt: instantToTimestamp(letter.lastFailedAt),
    ...(nextAttemptAt ? { nextAttemptAt: instantToTimestamp(nextAttemptAt) } : {}),
  };
}
