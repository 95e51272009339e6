/** Reads the stored data of all accounts after a campaign, as the database owner. */
import { sql } from 'kysely';
import { DEMO_ACCOUNT_ID } from '../../src/config/config.ts';
import type { Database } from '../../src/store/database.ts';
import { readRows } from '../store/schema-dump.ts';
import { METHODS } from './client-calls.ts';
import type {
  CorrectionRow,
  CounterRow,
  EventRow,
  LedgerRow,
  LogRow,
  MaxRow,
  RunRow,
  SetRow,
  StoredState,
} from './run-history.ts';

/** Requests of the setup are not part of the history. */
const METHODS_OF_CLIENTS = [...Object.keys(METHODS), 'PublishEvents'];

export async function readState(database: Database): Promise<StoredState> {
  const [waiting] = await readRows<{ outbox: number; deadLetters: number }>(
    database,
    sql`select (select count(*)::int from outbox) as outbox, (
      select count(*)::int from dead_letters where account_id <> ${DEMO_ACCOUNT_ID}) as "deadLetters"`,
  );
  return {
    ledger: await readRows<LedgerRow>(
      database,
      sql`select account_id as "accountId", method, request_id as "requestId",
        encode(fingerprint, 'base64') as fingerprint, replace(encode(response, 'base64'), E'\n', '') as response,
        trigger_type as "triggerType", trigger_key as "triggerKey"
      from requests where method = any(${METHODS_OF_CLIENTS}::text[])`,
    ),
    maxes: await readRows<MaxRow>(
      database,
      sql`select account_id as "accountId", user_id as "userId", lift_id as "liftId", max_type as "maxType", version,
        trim_scale(value)::text as value, source
      from lift_maxes`,
    ),
    logs: await readRows<LogRow>(
      database,
      sql`select account_id as "accountId", id, user_id as "userId", lift_id as "liftId", max_type as "maxType",
        progression_id as "progressionId", lift_max_version as version, trim_scale(previous_value)::text as "previousValue",
        trim_scale(new_value)::text as "newValue", trim_scale(delta)::text as delta, trigger_type as "triggerType",
        trigger_key as "triggerKey", reverts_log_id as "revertsLogId", is_reverted as "isReverted"
      from progression_logs`,
    ),
    sets: await readRows<SetRow>(
      database,
      sql`select account_id as "accountId", id, user_id as "userId", session_id as "sessionId", lift_id as "liftId",
        set_number as "setNumber", target_reps as "targetReps", reps_performed as "repsPerformed",
        exists (
          select from requests r
          where r.account_id = s.account_id and r.user_id = s.user_id and r.sequence = s.sequence
            and r.trigger_type = 'AFTER_SESSION'
        ) as "isLate"
      from logged_sets s order by sequence, id`,
    ),
    corrections: await readRows<CorrectionRow>(
      database,
      sql`select account_id as "accountId", user_id as "userId", lift_id as "liftId", before ->> 'id' as "setId",
        after is null as "isRemoved"
      from set_corrections`,
    ),
    counters: await readRows<CounterRow>(
      database,
      sql`select account_id as "accountId", user_id as "userId", lift_id as "liftId", progression_id as "progressionId",
        consecutive_failures as value
      from failure_counters`,
    ),
    stages: await readRows<CounterRow>(
      database,
      sql`select account_id as "accountId", user_id as "userId", lift_id as "liftId", progression_id as "progressionId",
        stage as value
      from progression_states`,
    ),
    events: await readRows<EventRow>(
      database,
      sql`select account_id as "accountId", id, type, user_id as "userId", sequence::float8 as sequence, position::int,
        causation_id as "causationId", trigger_id as "triggerId", occurrence_key as "occurrenceKey",
        data ->> 'session_id' as "sessionId", data ->> 'log_id' as "logId", data ->> 'logged_set_id' as "setId",
        outcomes <> '[]' as "hasVerdict",
        array(
          select part -> 'outcome' ->> 'enrollmentId' from jsonb_array_elements(outcomes) as part
          where part -> 'outcome' ->> 'enrollmentId' <> ''
        ) as "runIds"
      from events`,
    ),
    runs: await readRows<RunRow>(
      database,
      sql`select r.account_id as "accountId", r.id, r.workflow_id as "workflowId", r.user_id as "userId",
        r.event_id as "eventId", r.state, (extract(epoch from r.enrolled_at) * 1000)::float8 as "enrolledAtMs",
        array(
          select step from action_executions e
          where e.account_id = r.account_id and e.enrollment_id = r.id and e.outcome in ('DONE', 'NO_CHANGE')
          order by step
        ) as steps,
        jsonb_array_length(v.actions) as "stepCount"
      from workflow_enrollments r
      join workflow_versions v on v.account_id = r.account_id and v.workflow_id = r.workflow_id
        and v.version = r.workflow_version`,
    ),
    ...{ outbox: waiting?.outbox ?? 0, deadLetters: waiting?.deadLetters ?? 0 },
  };
}

/** Counts outbox entries, unfinished runs and dead letters in retry. */
export async function countOpenWork(database: Database): Promise<number> {
  const [row] = await readRows<{ open: number }>(
    database,
    sql`select ((select count(*) from outbox)
      + (select count(*) from workflow_enrollments where ended_at is null)
      + (select count(*) from dead_letters where state = 'RETRYING'))::int as open`,
  );
  return row?.open ?? 0;
}
