/** Inserts a row about an athlete into every table of automation. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../../src/store/database.ts';

export interface AutomationRows {
  readonly workflowId: string;
  readonly triggerId: string;
  readonly eventId: string;
  readonly enrollmentId: string;
}

/**
 * A workflow with its trigger and a backfill, and for the athlete: an evaluated event that says `text`, its verdicts, a run that is
 * under way with one step done, a hold, a failure that is being tried again, and a date that is waited for
 * after one whose event is not kept any more.
 */
export async function insertAutomationRows(
  database: Database,
  accountId: string,
  userId: string,
  text = 'text',
): Promise<AutomationRows> {
  const [workflowId, triggerId, eventId, enrollmentId] = [uuidv7(), uuidv7(), uuidv7(), uuidv7()];
  const data = JSON.stringify({ text });
  const outcomes = JSON.stringify([
    { subject: { attributes: { text } }, timeZone: 'Europe/Berlin' },
    { outcome: { triggerId, reason: 'ENROLLED' } },
  ]);
  await database.transaction(accountId, async (tx) => {
    const statements = [
      sql`insert into workflows (account_id, id, name, status, version, created_by)
          values (${accountId}, ${workflowId}, 'A workflow', 'ACTIVE', 1, 'coach')`,
      sql`insert into workflow_versions (account_id, workflow_id, version, name, description, status, actions, action, actor)
          values (${accountId}, ${workflowId}, 1, 'A workflow', '', 'ACTIVE', '[]', 'CreateWorkflow', 'coach')`,
      sql`insert into workflow_triggers (account_id, id, workflow_id, trigger_type, trigger_event, version, revision, created_by)
          values (${accountId}, ${triggerId}, ${workflowId}, 'training', 'set_logged', 1, 1, 'coach')`,
      sql`insert into trigger_versions (account_id, trigger_id, version, trigger_type, trigger_event, filters, settings,
            is_active, action, actor)
          values (${accountId}, ${triggerId}, 1, 'training', 'set_logged', '{}', '{}', true, 'ConfigureTrigger', 'coach')`,
      sql`insert into trigger_activity (account_id, trigger_id, began_at)
          values (${accountId}, ${triggerId}, now())`,
      sql`insert into backfills (account_id, id, workflow_id, rate_per_minute, due_at, started_by, started_at)
          values (${accountId}, ${uuidv7()}, ${workflowId}, 60, now(), 'coach', now())`,
      sql`insert into events (account_id, id, type, user_id, occurred_at, recorded_at, sequence, position, actor, data,
            previous, root_event_id, outcomes, evaluated_at)
          values (${accountId}, ${eventId}, 'set_logged', ${userId}, now(), now(), nextval('acceptance_sequence'), 0,
            'ATHLETE', ${data}, ${data}, ${eventId}, ${outcomes}, now())`,
      sql`insert into trigger_execution_logs (account_id, id, trigger_id, trigger_version, workflow_id, user_id, event_id,
            kind, event_data, matched, enrolled, enrollment_id, details, executed_at)
          values (${accountId}, ${uuidv7()}, ${triggerId}, 1, ${workflowId}, ${userId}, ${eventId}, 'LIVE', ${data},
            true, true, ${enrollmentId}, ${data}, now())`,
      sql`insert into workflow_enrollments (account_id, id, workflow_id, workflow_version, trigger_id, trigger_version,
            user_id, event_id, event, cause, state, next_step, due_at, enrolled_at, recorded_at)
          values (${accountId}, ${enrollmentId}, ${workflowId}, 1, ${triggerId}, 1, ${userId}, ${eventId}, ${data},
            '{}', 'ACTIVE', 1, now(), now(), now())`,
      sql`insert into action_executions (account_id, enrollment_id, step, user_id, action, outcome, attempts, executed_at)
          values (${accountId}, ${enrollmentId}, 0, ${userId}, 'add_tag', 'DONE', 1, now())`,
      sql`insert into workflow_holds (account_id, workflow_id, user_id, held_at, last_event_at)
          values (${accountId}, ${workflowId}, ${userId}, now(), now())`,
      sql`insert into dead_letters (account_id, id, event_id, trigger_id, user_id, event, state, attempts, reason, message,
            first_failed_at, last_failed_at, next_attempt_at)
          values (${accountId}, ${uuidv7()}, ${eventId}, ${triggerId}, ${userId}, ${data}, 'RETRYING', 1, 'INTERNAL', '',
            now(), now(), now())`,
      sql`insert into time_cursors (account_id, id, trigger_id, user_id, occurrence_key, planned_at, due_at)
          values (${accountId}, ${uuidv7()}, ${triggerId}, ${userId}, '2026', now(), now())`,
      sql`insert into removed_events (account_id, id, trigger_id, user_id, occurrence_key)
          values (${accountId}, ${uuidv7()}, ${triggerId}, ${userId}, '2025')`,
      sql`insert into planned_sessions (account_id, user_id, session_id, planned_at, due_at, detail)
          values (${accountId}, ${userId}, ${uuidv7()}, now(), now(), ${data})`,
    ];
    for (const statement of statements) {
      await statement.execute(tx.sql);
    }
  });
  return { workflowId, triggerId, eventId, enrollmentId };
}
