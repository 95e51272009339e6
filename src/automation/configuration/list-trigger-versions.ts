/** ListTriggerVersions: every state that a trigger had, newest first. */
import type { ListTriggerVersionsRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type TriggerVersion, TriggerVersionEntity } from '../../store/entities/trigger-version.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { type Page, readPage } from '../../store/page.ts';
import { requireTrigger } from './workflows.ts';

/** TRIGGER_NOT_FOUND, PAGE_TOKEN_INVALID. */
export async function listTriggerVersions(
  tx: Transaction,
  request: ListTriggerVersionsRequest,
  defaultPageSize: number,
): Promise<Page<TriggerVersion> & { trigger: WorkflowTrigger }> {
  const { accountId, em } = tx;
  const trigger = await requireTrigger(tx, request.triggerId);
  const where = { accountId, triggerId: trigger.id };
  const page = await readPage(
    {
      filter: ['ListTriggerVersions', accountId, trigger.id],
      keyKinds: ['integer'],
      defaultPageSize,
      keyOf: ({ version }: TriggerVersion) => [version],
      rows: (after, limit) =>
        em.find(TriggerVersionEntity, after ? { ...where, version: { $lt: after[0] } } : where, {
          orderBy: { version: 'desc' },
          limit,
        }),
      count: () => em.count(TriggerVersionEntity, where),
    },
    request,
  );
  return { ...page, trigger };
}
