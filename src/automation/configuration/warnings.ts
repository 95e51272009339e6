/** The warnings of a change: what is valid, and probably not meant. */
import { sql } from 'kysely';
import type { Action } from '../../gen/automation/v1/action_pb.ts';
import { EnrollmentPolicy } from '../../gen/automation/v1/trigger_pb.ts';
import type { Transaction } from '../../store/database.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { everyAction } from '../actions/tree/every-action.ts';
import { listFieldNames } from '../decision/compile-trigger.ts';
import { readLiftName } from '../event-types/training-fields.ts';
import type { ConfigurationContext, Warning } from './configuration-context.ts';
import { guardLoops } from './loops/guard-loops.ts';
import { readStoredTrigger } from './trigger-draft.ts';
import type { WorkflowWithTrigger } from './workflows.ts';

/** Throws TRIGGER_LOOP as guardLoops does. */
export async function checkConfigured(
  tx: Transaction,
  { workflow, trigger }: WorkflowWithTrigger,
  context: ConfigurationContext,
): Promise<Warning[]> {
  return trigger
    ? [
        ...scheduleWarnings(trigger),
        ...(await liftWarnings(tx, trigger)),
        ...(await guardLoops(tx, { workflow, trigger }, context)),
      ]
    : [];
}

/** Conditions on lifts by slugs that no lift of the account has. */
async function liftWarnings(tx: Transaction, trigger: WorkflowTrigger): Promise<Warning[]> {
  const named = listFieldNames(readStoredTrigger(trigger).filter).map(readLiftName);
  const slugs = [...new Set(named.flatMap((name) => (name ? [name.slug] : [])))];
  if (slugs.length === 0) {
    return [];
  }
  const { rows } = await sql<{ slug: string }>`
    select slug from lifts
    where account_id = ${tx.accountId} and slug = any(${slugs}::text[]) and deleted_at is null`.execute(
    tx.sql,
  );
  const known = new Set(rows.map(({ slug }) => slug));
  return slugs
    .filter((slug) => !known.has(slug))
    .map((slug) => ({
      reason: 'LIFT_UNKNOWN',
      message: `the account has no lift ${slug}: conditions on it read an absent value`,
      metadata: { field: 'trigger.filter', slug },
    }));
}

const RECURRING_EVENTS = ['birthday', 'anniversary', 'recurring_schedule'];

function scheduleWarnings(trigger: WorkflowTrigger): Warning[] {
  const { triggerEvent, settings } = readStoredTrigger(trigger);
  const schedule = settings.time?.schedule;
  const recurrence = schedule?.case === 'recurringSchedule' ? schedule.value.recurrence : undefined;
  return [
    ...(RECURRING_EVENTS.includes(triggerEvent) && settings.policy === EnrollmentPolicy.UNSPECIFIED
      ? [onceEver(triggerEvent)]
      : []),
    ...(recurrence?.case === 'cron' ? unevenSteps(recurrence.value) : []),
  ];
}

function onceEver(triggerEvent: string): Warning {
  const message =
    `settings.policy is not set, so that each athlete is enrolled at the first ${triggerEvent} only; ` +
    'ENROLLMENT_POLICY_MULTIPLE enrolls each time';
  return { reason: 'RECURRING_ONCE_EVER', message, metadata: { field: 'trigger.settings.policy' } };
}

/** The fields of a cron text with the number of their values; months differ in their number of days. */
const CRON_FIELDS = [
  { name: 'minute', size: 60 },
  { name: 'hour', size: 24 },
  { name: 'day of month', size: undefined },
  { name: 'month', size: 12 },
  { name: 'day of week', size: 7 },
];

/** A step starts anew with each hour, day, month, year or week: `*` + `/13` minutes is 52 and then 8 minutes apart. */
function unevenSteps(cron: string): Warning[] {
  return cron.split(' ').flatMap((text, index) => {
    const field = CRON_FIELDS[index];
    const steps = [...text.matchAll(/(?:^|,)\*\/(\d+)/g)].map(([, step]) => Number(step));
    return steps
      .filter((step) => field && step > 1 && (field.size === undefined || field.size % step !== 0))
      .map((step) => ({
        reason: 'CRON_STEP_UNEVEN',
        message: `*/${step} of ${field?.name} is not every ${step}: it starts anew from the first`,
        metadata: { field: 'trigger.settings.time.recurring_schedule.cron', step: String(step) },
      }));
  });
}

/**
 * The webhooks that the request says have a secret, while none is known: answers, and so copies of a workflow, have
 * `has_secret` and never the secret. `path` is that of the request's actions, `stored` what is stored now.
 */
export function missingSecrets(
  requested: readonly Action[],
  stored: readonly Action[],
  path: string,
): Warning[] {
  const kept = new Map(everyAction(stored, path).map(({ path: place, action }) => [place, action.action]));
  return everyAction(requested, path).flatMap(({ action: { action }, path: place }) => {
    const same = kept.get(place);
    const isMissing =
      action.case === 'callWebhook' &&
      action.value.hasSecret &&
      !(same?.case === 'callWebhook' && same.value.secret !== '');
    const field = `${place}.call_webhook.secret`;
    const message = `${field} is missing: the webhook has a secret where it comes from, and is sent without signature here`;
    return isMissing ? [{ reason: 'WEBHOOK_SECRET_MISSING', message, metadata: { field } }] : [];
  });
}
