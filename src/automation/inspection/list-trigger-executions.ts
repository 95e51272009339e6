/** ListTriggerExecutions: lists the matches, failures and tests of a trigger, newest first. */
import type { FilterQuery } from '@mikro-orm/core';
import type { ListTriggerExecutionsRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import {
  type TriggerExecutionLog,
  TriggerExecutionLogEntity,
} from '../../store/entities/trigger-execution-log.ts';
import { type Page, readPage } from '../../store/page.ts';
import { requireTrigger } from '../configuration/workflows.ts';
import { fromWireReason } from '../decision/verdict-reason.ts';

/** Sorted by time, then id, descending. Errors: TRIGGER_NOT_FOUND, PAGE_TOKEN_INVALID. */
export async function listTriggerExecutions(
  tx: Transaction,
  request: ListTriggerExecutionsRequest,
  defaultPageSize: number,
): Promise<Page<TriggerExecutionLog>> {
  const { accountId, em } = tx;
  const { id: triggerId } = await requireTrigger(tx, request.triggerId);
  const { userId } = request;
  const reason = request.reason === 0 ? '' : fromWireReason(request.reason);
  const where: FilterQuery<TriggerExecutionLog> = {
    accountId,
    triggerId,
    ...(userId ? { userId } : {}),
    ...(reason ? { failureReason: reason === 'ENROLLED' ? null : reason } : {}),
  };
  return readPage(
    {
      filter: ['ListTriggerExecutions', accountId, triggerId, userId, reason],
      keyKinds: ['instant', 'uuid'],
      defaultPageSize,
      keyOf: (row: TriggerExecutionLog) => [row.executedAt, row.id],
      rows: (after, limit) =>
        em.find(TriggerExecutionLogEntity, after ? { $and: [where, isAfterCursor(after)] } : where, {
          orderBy: { executedAt: 'desc', id: 'desc' },
          limit,
        }),
      count: () => em.count(TriggerExecutionLogEntity, where),
    },
    request,
  );
}

function isAfterCursor([executedAt, id]: readonly [bigint, string]): FilterQuery<TriggerExecutionLog> {
  return { $or: [{ executedAt: { $lt: executedAt } }, { executedAt, id: { $lt: id } }] };
}
