/** ListHolds: the holds of the loop guard that are in force, newest first. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FilterQuery } from '@mikro-orm/core';
import type { Limits } from '../../config/config.ts';
import type { HoldSchema, ListHoldsRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type WorkflowHold, WorkflowHoldEntity } from '../../store/entities/workflow-hold.ts';
import { type Page, readPage } from '../../store/page.ts';
import { type Instant, instantToTimestamp } from '../../values/instant.ts';
import { requireWorkflow } from '../configuration/workflows.ts';

type HoldLimits = Pick<Limits, 'holdQuietMs'>;

/** WORKFLOW_NOT_FOUND when the request names an unknown workflow; PAGE_TOKEN_INVALID. */
export async function listHolds(
  tx: Transaction,
  request: ListHoldsRequest,
  now: Instant,
  limits: HoldLimits & Pick<Limits, 'defaultPageSize'>,
): Promise<Page<WorkflowHold>> {
  const { accountId, em } = tx;
  const { workflowId, userId } = request;
  if (workflowId) {
    await requireWorkflow(tx, workflowId);
  }
  const where: FilterQuery<WorkflowHold> = {
    accountId,
    releasedAt: null,
    lastEventAt: { $gt: now - quietMicros(limits) },
    ...(workflowId ? { workflowId } : {}),
    ...(userId ? { userId } : {}),
  };
  return readPage(
    {
      filter: ['ListHolds', accountId, workflowId, userId],
      keyKinds: ['instant', 'uuid', 'uuid'],
      defaultPageSize: limits.defaultPageSize,
      keyOf: (row: WorkflowHold) => [row.heldAt, row.workflowId, row.userId],
      rows: (after, limit) =>
        em.find(WorkflowHoldEntity, after ? { $and: [where, isBehind(after)] } : where, {
          orderBy: { heldAt: 'desc', workflowId: 'desc', userId: 'desc' },
          limit,
        }),
      count: () => em.count(WorkflowHoldEntity, where),
    },
    request,
  );
}

function isBehind([heldAt, workflowId, userId]: readonly [
  bigint,
  string,
  string,
]): FilterQuery<WorkflowHold> {
  return {
    $or: [
      { heldAt: { $lt: heldAt } },
      { heldAt, workflowId: { $lt: workflowId } },
      { heldAt, workflowId, userId: { $lt: userId } },
    ],
  };
}

export function holdMessage(
  { workflowId, userId, heldAt, lastEventAt }: WorkflowHold,
  limits: HoldLimits,
): MessageInitShape<typeof HoldSchema> {
  return {
    ...{ workflowId, userId },
    heldAt: instantToTimestamp(heldAt),
    lastEventAt: instantToTimestamp(lastEventAt),
    endsAt: instantToTimestamp(lastEventAt + quietMicros(limits)),
  };
}

function quietMicros({ holdQuietMs }: HoldLimits): bigint {
  return BigInt(holdQuietMs) * 1000n;
}
