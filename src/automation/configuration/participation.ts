/** When a trigger takes part in the evaluation of events: what has to follow when it begins to, and when it stops. */
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { Change } from '../../store/change.ts';
import type { Fact } from '../../store/entities/outbox-entry.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { fact } from '../../store/outbox.ts';
import { instantToText } from '../../values/instant.ts';
import { scheduleTrigger, unscheduleTrigger } from '../time/schedule-trigger.ts';

/** Active, not deleted, in an ACTIVE workflow. */
export function takesPart(trigger: WorkflowTrigger, workflow: Workflow): boolean {
  return trigger.isActive && !trigger.deletedAt && workflow.status === 'ACTIVE';
}

/** How a trigger takes part at some moment. */
export interface Standing {
  readonly takesPart: boolean;
  /** When it fires by itself; undefined: never. */
  readonly schedule: unknown;
}

/** Of a trigger that does not exist. */
export const NO_STANDING: Standing = { takesPart: false, schedule: undefined };

export function standingOf(trigger: WorkflowTrigger, workflow: Workflow): Standing {
  const isTaking = takesPart(trigger, workflow);
  const isScheduled = isTaking && trigger.triggerType === 'time';
  return { takesPart: isTaking, schedule: isScheduled ? trigger.settings.time : undefined };
}

/**
 * Settles what follows from a change of the trigger or of its workflow, and gives the facts to tell. The rows that
 * the change made have been flushed; the trigger gets the revision. A schedule that stays as it was goes on: nothing
 * that is due is lost.
 */
export async function settleParticipation(
  change: Change,
  revision: bigint,
  { trigger, workflow, before }: { trigger: WorkflowTrigger; workflow: Workflow; before: Standing },
): Promise<Fact[]> {
  trigger.revision = revision;
  const now = standingOf(trigger, workflow);
  if (!isDeepStrictEqual(before.schedule, now.schedule)) {
    await reschedule(change, trigger, { before, now });
  }
  if (now.takesPart === before.takesPart) {
    return [];
  }
  await (now.takesPart ? beginActivity(change, trigger.id) : endActivity(change, trigger.id));
  return [triggerFact(now.takesPart ? 'trigger_activated' : 'trigger_deactivated', trigger)];
}

async function reschedule(
  { tx, now: at }: Change,
  trigger: WorkflowTrigger,
  { before, now }: { before: Standing; now: Standing },
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

/** Spans follow one another, whatever the clocks of several servers say. */
async function beginActivity({ tx, now }: Change, triggerId: string): Promise<void> {
  await sql`
    insert into trigger_activity (account_id, trigger_id, began_at)
    select ${tx.accountId}::uuid, ${triggerId}::uuid, greatest(
      ${instantToText(now)}::timestamptz, max(greatest(began_at, ended_at)) + interval '1 microsecond')
    from trigger_activity where account_id = ${tx.accountId} and trigger_id = ${triggerId}`.execute(tx.sql);
}

async function endActivity({ tx, now }: Change, triggerId: string): Promise<void> {
  await sql`
    update trigger_activity set ended_at = greatest(${instantToText(now)}::timestamptz, began_at)
    where account_id = ${tx.accountId} and trigger_id = ${triggerId} and ended_at is null`.execute(tx.sql);
}
