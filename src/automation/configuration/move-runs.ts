/** Moves runs under way to the newest version of their workflow, if they have not reached the first step that it changes. */
import { sql } from 'kysely';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import { WorkflowVersionEntity } from '../../store/entities/workflow-version.ts';
import { lockPartitions, PARTITIONS } from '../../store/lock-partition.ts';
import { firstChange } from '../actions/tree/first-change.ts';
import { programOf } from '../actions/tree/program.ts';
import { readStoredExits } from './stored-exits.ts';

export interface MovedRuns {
  readonly movedRunCount: number;
  /** Those under way that stay with an earlier version. */
  readonly keptRunCount: number;
}

/**
 * Call it before any row is locked, as evaluation locks partitions. An evaluation under way commits first, so that its runs
 * are moved; a later one starts runs of the newest version, and finds runs with their listening as it is then.
 */
export function lockForMove(tx: Transaction): Promise<void> {
  return lockPartitions(tx, [...Array(PARTITIONS).keys()]);
}

/** The newest version is in the unit of work. `action` is the name of the RPC, for the audit trail. */
export async function moveRuns(
  change: Change,
  { workflow, action }: { readonly workflow: Workflow; readonly action: string },
): Promise<MovedRuns> {
  await change.tx.em.flush();
  const moved = await moveToNewest(change.tx, workflow);
  if (moved.movedRunCount > 0) {
    audit(change, {
      ...{ action, targetType: 'workflow', targetId: workflow.id, before: null },
      after: { version: workflow.version, movedRuns: moved.movedRunCount, keptRuns: moved.keptRunCount },
    });
  }
  return moved;
}

/** Runs are locked in the order of their ids; one whose step is being taken is looked at when the step is recorded. */
async function moveToNewest(
  tx: Transaction,
  { id: workflowId, version, actions, exits }: Workflow,
): Promise<MovedRuns> {
  const { accountId } = tx;
  const open = sql`e.account_id = ${accountId} and e.workflow_id = ${workflowId} and e.ended_at is null`;
  const { rows: earlier } = await sql<{ version: number }>`
    select distinct e.workflow_version as version from workflow_enrollments e
    where ${open} and e.workflow_version <> ${version}`.execute(tx.sql);
  const versions = await tx.em.find(WorkflowVersionEntity, {
    ...{ accountId, workflowId },
    version: { $in: earlier.map((each) => each.version) },
  });
  const firsts = versions.map((each) => firstChange(each.actions, actions));
  const exitEvents = JSON.stringify(readStoredExits(exits).map(({ eventType }) => eventType));
  const { rows } = await sql<{ moved: number; kept: number }>`
    with under_way as (
      select e.id, e.next_step < f.first or e.state in ('TRIGGERED', 'QUEUED') as moves
      from workflow_enrollments e
      join unnest(${versions.map((each) => each.version)}::int[], ${firsts}::int[]) as f(version, first)
        on e.workflow_version = f.version
      where ${open}
      order by e.id
      for no key update of e
    ), moved as (
      update workflow_enrollments e set workflow_version = ${version},
        listens_to = nullif(${exitEvents}::jsonb || case
          when e.listens_to @> (${awaitedEvents(actions)}::jsonb -> e.next_step::text)
          then ${awaitedEvents(actions)}::jsonb -> e.next_step::text
          else '[]' end, '[]')
      from under_way u where e.account_id = ${accountId} and e.id = u.id and u.moves
      returning e.id
    )
    select (select count(*)::int from moved) as moved,
      (select count(*)::int from under_way where not moves) as kept`.execute(tx.sql);
  const { moved, kept } = rows[0] ?? { moved: 0, kept: 0 };
  return { movedRunCount: moved, keptRunCount: kept };
}

/** By the number of the step, a list of the event that a run at it waits for. */
function awaitedEvents(actions: readonly unknown[]): string {
  const waits = programOf(actions).flatMap(({ number, stored }) => {
    const { waitForEvent } = stored as { readonly waitForEvent?: { readonly eventType: string } };
    return waitForEvent ? [[number, [waitForEvent.eventType]]] : [];
  });
  return JSON.stringify(Object.fromEntries(waits));
}
