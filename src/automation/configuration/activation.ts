/** Activation of triggers: what changes when a trigger becomes active or inactive. */
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { Change } from '../../store/change.ts';
import type { Fact } from '../../store/entities/outbox-entry.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { fact } from '../../store/outbox.ts';
import { instantToText } from '../../values/instant.ts';
import { scheduleTrigger, unscheduleTrigger } from '../time/reschedule.ts';

/** Whether events are evaluated for the trigger: active, not deleted, in an ACTIVE workflow. */
export function isTriggerActive(trigger: WorkflowTrigger, workflow: Workflow): boolean {
  return trigger.isActive && !trigger.deletedAt && workflow.status === 'ACTIVE';
}

/** The activation of a trigger at one moment. */
export interface Activation {
  readonly isActive: boolean;
  /** The schedule of an active trigger that has one; undefined for others. */
  readonly schedule: unknown;
}

/** The activation of a trigger that does not exist. */
export const INACTIVE: Activation = { isActive: false, schedule: undefined };

export function readActivation(trigger: WorkflowTrigger, workflow: Workflow): Activation {
  const isActive = isTriggerActive(trigger, workflow);
  return { isActive, schedule: isActive ? trigger.settings.time : undefined };
}

/**
 * Applies a change of the trigger or of its workflow to schedule and activity, and returns the events to emit. The
 * changed rows have been flushed; the trigger gets the revision. An unchanged schedule keeps its cursors, so that no
 * due occurrence is lost.
 */
export async function applyActivation(
  change: Change,
  revision: bigint,
  { trigger, workflow, before }: { trigger: WorkflowTrigger; workflow: Workflow; before: Activation },
): Promise<Fact[]> {
  trigger.revision = revision;
  const now = readActivation(trigger, workflow);
  if (!isDeepStrictEqual(before.schedule, now.schedule)) {
    await reschedule(change, trigger, { before, now });
  }
  if (now.isActive === before.isActive) {
    return [];
  }
  await (now.isActive ? beginActivity(change, trigger.id) : endActivity(change, trigger.id));
  return [triggerFact(now.isActive ? 'trigger_activated' : 'trigger_deactivated', trigger)];
}

async function reschedule(
  { tx, now: at }: Change,
  trigger: WorkflowTrigger,
  { before, now }: { before: Activation; now: Activation },
): Promise<void> {
  if (before.schedule !== undefined) {
    await unscheduleTrigger(tx, trigger.id);
  }
  if (now.schedule !== undefined) {
    await scheduleTrigger(tx, trigger, at);
  }
}

export function triggerFact(
  type: 'trigger_configured' | 'trigger_activated' | 'trigger_deactivated',
  { id, workflowId, triggerEvent, version }: WorkflowTrigger,
): Fact {
  return fact(type, { trigger_id: id, workflow_id: workflowId, trigger_event: triggerEvent, version });
}

/** Activity spans never overlap, even when the clocks of several servers differ. */
async function beginActivity({ tx, now }: Change, triggerId: string): Promise<void> {
  await sql`
    insert into trigger_activity (account_id, trigger_id, began_at)
    select a.id, ${triggerId}::uuid, greatest(${instantToText(now)}::timestamptz, (
      select max(greatest(began_at, ended_at)) + interval '1 microsecond' from trigger_activity
      where account_id = ${tx.accountId} and trigger_id = ${triggerId}))
    from accounts a where a.id = ${tx.accountId}`.execute(tx.sql);
}

async function endActivity({ tx, now }: Change, triggerId: string): Promise<void> {
  await sql`
    update trigger_activity set ended_at = greatest(${instantToText(now)}::timestamptz, began_at)
    where account_id = ${tx.accountId} and trigger_id = ${triggerId} and ended_at is null`.execute(tx.sql);
}
