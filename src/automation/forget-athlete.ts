/** Takes what events say of an athlete out of everything that automation keeps; that something happened stays. */
import { sql } from 'kysely';
import type { AthleteHistory } from '../athletes/erase-user.ts';
import { EventService } from '../gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../gen/automation/v1/trigger_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { type Instant, instantToText } from '../values/instant.ts';

/**
 * Ends the athlete's runs, discards retries, and removes the athlete's data from the log, runs and failures. The
 * lock of the athlete's partition is held, so that nothing is added meanwhile. Runs come before the athlete's own row:
 * a workflow step locks them in this order.
 */
async function forgetEvents({ accountId, sql: db }: Transaction, userId: string, now: Instant) {
  const theirs = sql`account_id = ${accountId} and user_id = ${userId}`;
  const at = instantToText(now);
  await sql`
    update workflow_enrollments set event = '{}', received = null,
      state = case when ended_at is not null then state else 'CANCELLED' end,
      ended_reason = case when ended_at is not null then ended_reason else 'SUBJECT_DELETED' end,
      ended_at = case when ended_at is not null then ended_at else ${at} end,
      due_at = null, paused_due_at = null
    where ${theirs}`.execute(db);
  // Receivers of webhooks answer what they know of the athlete, and steps change it.
  await sql`
    update action_executions set answer = null, changes = null
    where ${theirs} and (answer is not null or changes is not null)`.execute(db);
  await sql`
    update dead_letters set event = '{}', next_attempt_at = null,
      state = case when state in ('RETRYING', 'DEAD') then 'DISCARDED' else state end
    where ${theirs}`.execute(db);
  // The log also keeps what verdicts looked at of the athlete; the verdicts stay.
  await sql`
    update events set data = '{}', previous = null, outcomes = outcomes_without_subjects(outcomes)
    where ${theirs}`.execute(db);
  await sql`update trigger_execution_logs set event_data = '{}', details = '{}' where ${theirs}`.execute(db);
  // Their due times would reveal the dates that they are computed from.
  await sql`delete from time_cursors where ${theirs}`.execute(db);
  await sql`delete from planned_sessions where ${theirs}`.execute(db);
}

/** The same for facts that are still to be evaluated; the athlete's lock is held, so that none are added meanwhile. */
async function forgetFacts(tx: Transaction, userId: string): Promise<void> {
  await forgetWaitingEvents(tx, userId);
  await forgetPayloads(tx, userId);
  await forgetTrials(tx, userId);
}

async function forgetWaitingEvents({ accountId, sql: db }: Transaction, userId: string): Promise<void> {
  await sql`
    update outbox set facts = facts_without_data(facts)
    where account_id = ${accountId} and user_id = ${userId}`.execute(db);
}

/** Fingerprints of published events go, so that an attacker cannot test guessed payloads against them. */
async function forgetPayloads(tx: Transaction, userId: string): Promise<void> {
  await sql`
    update requests set fingerprint = ''
    where account_id = ${tx.accountId} and user_id = ${userId}
      and method = ${EventService.method.publishEvents.name}`.execute(tx.sql);
}

/** Stored answers of TestTrigger contain the tested data; each has the id of its row in the execution log. */
async function forgetTrials(tx: Transaction, userId: string): Promise<void> {
  await sql`
    update requests r set response = '', fingerprint = ''
    from trigger_execution_logs l
    where r.account_id = ${tx.accountId} and r.method = ${TriggerService.method.testTrigger.name}
      and l.account_id = ${tx.accountId} and l.user_id = ${userId} and l.kind = 'TEST'
      and has_text(r.response, l.id::text)`.execute(tx.sql);
}

/** What automation keeps about athletes, for EraseUser. */
export const automationHistory: AthleteHistory = { forgetEvents, forgetFacts };
