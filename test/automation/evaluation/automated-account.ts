/**
 * An account whose workflows are inserted directly into the tables, and whose events are written to the
 * outbox.
 */
import { type RawBuilder, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { bumpRevision } from '../../../src/automation/configuration/etag.ts';
import { createCandidateIndex } from '../../../src/automation/evaluation/candidate-index.ts';
import {
  createEvaluator,
  type Evaluator,
  type EvaluatorDeps,
} from '../../../src/automation/evaluation/evaluator.ts';
import { type Limits, readConfig } from '../../../src/config/config.ts';
import type { Database, Transaction } from '../../../src/store/database.ts';
import type { Cause, Fact } from '../../../src/store/entities/outbox-entry.ts';
import { writeFacts } from '../../../src/store/outbox.ts';
import { type Clock, type Instant, instantFromText, instantToText } from '../../../src/values/instant.ts';

export const NOON = instantFromText('2026-03-02T12:00:00Z');
export const SECOND = 1_000_000n;
export const HOUR = 3_600n * SECOND;
export const DAY = 24n * HOUR;

export interface WorkflowFixture {
  readonly event?: string;
  readonly filters?: unknown;
  /** The proto3 JSON of TriggerSettings. */
  readonly settings?: Record<string, unknown>;
  readonly status?: 'DRAFT' | 'ACTIVE' | 'PAUSED' | 'ARCHIVED';
  readonly isActive?: boolean;
  readonly triggerId?: string;
}

export interface WorkflowIds {
  readonly workflowId: string;
  readonly triggerId: string;
}

export interface EventFixture {
  readonly type?: string;
  readonly data?: Record<string, unknown>;
  readonly previous?: Record<string, unknown>;
  readonly id?: string;
  readonly at?: Instant;
  readonly recordedAt?: Instant;
  readonly cause?: Cause;
  readonly triggerId?: string;
  readonly occurrenceKey?: string;
}

export interface AutomatedAccount {
  readonly accountId: string;
  readonly database: Database;
  addAthlete(values?: Readonly<Record<string, unknown>>): Promise<string>;
  addWorkflow(fixture?: WorkflowFixture): Promise<WorkflowIds>;
  /** Changes columns of the trigger, or of its workflow, and the revision. */
  changeTrigger(ids: WorkflowIds, values: Readonly<Record<string, unknown>>): Promise<void>;
  changeWorkflow(ids: WorkflowIds, values: Readonly<Record<string, unknown>>): Promise<void>;
  /** Writes outbox entries with one event each, in order; returns the ids of the events. */
  emit(userId: string, ...events: EventFixture[]): Promise<string[]>;
  rows<T = Record<string, unknown>>(query: RawBuilder<T>): Promise<T[]>;
  inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** Creates an account. */
export async function createAutomatedAccount(database: Database): Promise<AutomatedAccount> {
  const accountId = uuidv7();
  await database.ensureAccount(accountId);
  const inTransaction = <T>(work: (tx: Transaction) => Promise<T>) => database.transaction(accountId, work);
  const update = (table: string, id: string, values: Readonly<Record<string, unknown>>) =>
    sql`update ${sql.table(table)} set ${sql.join(
      Object.entries(values).map(([name, value]) => sql`${sql.ref(name)} = ${asColumn(value)}`),
    )} where account_id = ${accountId} and id = ${id}`;
  return {
    accountId,
    database,
    inTransaction,
    addAthlete: (values = {}) =>
      inTransaction(async (tx) => {
        const userId = uuidv7();
        await sql`insert into users (account_id, id, name) values (${accountId}, ${userId}, 'Ana Silva')`.execute(
          tx.sql,
        );
        if (Object.keys(values).length > 0) {
          await update('users', userId, values).execute(tx.sql);
        }
        return userId;
      }),
    addWorkflow: (fixture = {}) => inTransaction((tx) => insertWorkflow(tx, fixture)),
    changeTrigger: ({ triggerId }, values) =>
      inTransaction(async (tx) => {
        const revision = await bumpRevision(tx);
        await update('workflow_triggers', triggerId, { ...values, revision }).execute(tx.sql);
        await sql`update workflow_triggers set version = version + 1
          where account_id = ${accountId} and id = ${triggerId}`.execute(tx.sql);
        await insertTriggerVersion(tx, triggerId);
      }),
    changeWorkflow: ({ workflowId, triggerId }, values) =>
      inTransaction(async (tx) => {
        const revision = await bumpRevision(tx);
        await update('workflows', workflowId, values).execute(tx.sql);
        await update('workflow_triggers', triggerId, { revision }).execute(tx.sql);
      }),
    emit: (userId, ...events) =>
      inTransaction(async (tx) => {
        const ids = [];
        for (const event of events) {
          const fact = toFact(event);
          ids.push(fact.id);
          writeFacts(tx, [fact], {
            userId,
            actor: 'SYSTEM',
            cause: event.cause ?? null,
            occurredAt: event.at ?? NOON,
            recordedAt: event.recordedAt ?? event.at ?? NOON,
          });
          await tx.em.flush();
        }
        return ids;
      }),
    rows: async (query) => inTransaction(async (tx) => (await query.execute(tx.sql)).rows),
  };
}

function asColumn(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value > 1_000_000_000_000n ? instantToText(value) : String(value);
  }
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

function toFact({ id = uuidv7(), type = 'session_completed', data = {}, ...rest }: EventFixture): Fact {
  const { previous, triggerId, occurrenceKey } = rest;
  return {
    id,
    type,
    data,
    ...(previous ? { previous } : {}),
    ...(triggerId ? { triggerId } : {}),
    ...(occurrenceKey ? { occurrenceKey } : {}),
  };
}

async function insertWorkflow(tx: Transaction, fixture: WorkflowFixture): Promise<WorkflowIds> {
  const { accountId, sql: db } = tx;
  const {
    event = 'session_completed',
    filters = {},
    settings = {},
    status = 'ACTIVE',
    isActive = true,
  } = fixture;
  const ids = { workflowId: uuidv7(), triggerId: fixture.triggerId ?? uuidv7() };
  const revision = await bumpRevision(tx);
  await sql`insert into workflows (account_id, id, name, status, version, created_by)
    values (${accountId}, ${ids.workflowId}, 'A workflow', ${status}, 1, 'test')`.execute(db);
  await sql`insert into workflow_versions
    (account_id, workflow_id, version, name, description, status, actions, action, actor)
    values (${accountId}, ${ids.workflowId}, 1, 'A workflow', '', ${status}, '[]', 'CreateWorkflow', 'test')`.execute(
    db,
  );
  await sql`insert into workflow_triggers
    (account_id, id, workflow_id, trigger_type, trigger_event, filters, settings, is_active, version, revision, created_by)
    values (${accountId}, ${ids.triggerId}, ${ids.workflowId}, ${event === 'birthday' ? 'time' : 'training'}, ${event},
      ${JSON.stringify(filters)},
      ${JSON.stringify(settings)}, ${isActive}, 1, ${String(revision)}, 'test')`.execute(db);
  await insertTriggerVersion(tx, ids.triggerId);
  return ids;
}

async function insertTriggerVersion({ accountId, sql: db }: Transaction, triggerId: string): Promise<void> {
  await sql`insert into trigger_versions
    (account_id, trigger_id, version, trigger_type, trigger_event, filters, settings, is_active, deleted_at, action, actor)
    select account_id, id, version, trigger_type, trigger_event, filters, settings, is_active, deleted_at, 'x', 'test'
    from workflow_triggers where account_id = ${accountId} and id = ${triggerId}`.execute(db);
}

export type EvaluatorOptions = Partial<Omit<EvaluatorDeps, 'limits'>> & { readonly limits?: Partial<Limits> };

/** Dependencies of an evaluator, as one server process creates them. */
export function evaluatorDeps(
  database: Database,
  { limits = {}, ...options }: EvaluatorOptions = {},
): EvaluatorDeps {
  const all = { ...readConfig({}).limits, firstEntryPauseMs: 0, ...limits };
  return {
    database,
    clock: () => NOON,
    candidates: createCandidateIndex(all),
    isRelayed: false,
    reportError: () => undefined,
    ...options,
    limits: all,
  };
}

/** Evaluates until no entry is left that can be evaluated now; returns the number of evaluated entries. */
export async function evaluateAll(
  account: AutomatedAccount,
  evaluator: Evaluator = createEvaluator(evaluatorDeps(account.database)),
): Promise<number> {
  let evaluated = 0;
  let last: number;
  do {
    const waiting = await waitingPartitions(account);
    const partitions = waiting.map(({ partition }) => partition);
    last = (await evaluator.evaluatePartitions(account.accountId, partitions)).evaluated;
    evaluated += last;
  } while (last > 0);
  return evaluated;
}

export function waitingPartitions(account: AutomatedAccount): Promise<{ partition: number }[]> {
  return account.rows(sql<{ partition: number }>`
    select distinct partition from outbox where evaluated_at is null order by partition`);
}

export interface LogRow {
  event_id: string | null;
  trigger_id: string;
  kind: string;
  matched: boolean;
  enrolled: boolean;
  failure_reason: string | null;
  details: Record<string, string>;
  enrollment_id: string | null;
}

/** Rows of the execution log in the order of writing. */
export function logRows(account: AutomatedAccount): Promise<LogRow[]> {
  return account.rows(sql<LogRow>`
    select event_id, trigger_id, kind, matched, enrolled, failure_reason, details, enrollment_id
    from trigger_execution_logs order by id`);
}

/** Reasons of the execution log; ENROLLED for rows that enrolled. */
export async function loggedReasons(account: AutomatedAccount): Promise<string[]> {
  return (await logRows(account)).map((row) => row.failure_reason ?? 'ENROLLED');
}

/** `{ field, operator, value }` joined by AND. */
export function allOf(...conditions: unknown[]): unknown {
  return { logic: 'AND', not: false, conditions, groups: [] };
}

export function clockAt(instant: Instant): Clock {
  return () => instant;
}
