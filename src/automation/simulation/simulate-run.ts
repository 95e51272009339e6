/**
 * Simulates a run: the runner itself takes its steps, within a transaction that is rolled back. Time passes at once, no
 * webhook is called, and no event is waited for; what would come from outside is assumed.
 */
import { sql } from 'kysely';
import type { Config } from '../../config/config.ts';
import type { Database, Transaction } from '../../store/database.ts';
import type { Fact } from '../../store/entities/outbox-entry.ts';
import { type Clock, type Instant, instantFromText } from '../../values/instant.ts';
import { makeCall } from '../actions/call-queue.ts';
import { type ActionRunnerDeps, stepId } from '../actions/step.ts';
import { takeStep } from '../actions/take-step.ts';
import { answerOf, type WebhookPort } from '../actions/webhook-port.ts';
import type { Verdict } from '../decision/decide.ts';
import { writeVerdicts } from '../evaluation/write-verdicts.ts';
import { type Assumptions, isAssumed } from './assumptions.ts';
import { createQueueWithin, databaseWithin } from './within-transaction.ts';

/** A step that the run took. */
export interface SimulatedStep {
  readonly step: number;
  readonly path: string;
  /** The action's name, for example `add_tag`. */
  readonly action: string;
  readonly outcome: string;
  readonly reason: string | null;
  /** Why it would fail, with the reason. */
  readonly detail: string | null;
  readonly taken: string | null;
  readonly at: Instant;
  /** The events that tell what it changed, in order. */
  readonly changes: readonly Fact[];
  /** The result would come from outside. */
  readonly isAssumed: boolean;
}

export interface SimulationDeps {
  readonly database: Database;
  readonly config: Config;
}

/** The longest run: 50 steps, each tried 20 times with a wait before it. */
const MOST_TURNS = 1_050;

/** The verdict enrolls. The caller holds the athlete's partition, and rolls the transaction back. */
export async function simulateRun(
  tx: Transaction,
  { verdict, assumptions }: { readonly verdict: Verdict; readonly assumptions: Assumptions },
  now: Instant,
  { database, config }: SimulationDeps,
): Promise<SimulatedStep[]> {
  const { limits } = config;
  let present = verdict.opensAt ?? now;
  const clock: Clock = () => present;
  const started = { ...verdict, reason: 'ENROLLED', opensAt: null } as const;
  const ids = await writeVerdicts(tx, [started], { kind: 'LIVE', now: present, limits });
  await tx.em.flush();
  tx.em.clear();
  const due = { accountId: tx.accountId, id: `${ids.get(started)}` };
  const inner = databaseWithin(tx, database);
  const deps: ActionRunnerDeps = {
    ...{ database: inner, clock, config },
    queue: createQueueWithin(inner, limits, clock),
    webhooks: assumedWebhooks(due.id, assumptions),
    reportError: () => undefined,
  };
  const changesOf = new Map<number, Fact[]>();
  const told = new Set(await readFactIds(tx, verdict.match.userId));
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    const run = await readRun(tx, due.id);
    if (run.dueAt === null) {
      break;
    }
    if (run.dueAt > present) {
      present = run.dueAt;
    }
    if (assumptions.received.has(run.nextStep)) {
      await receive(tx, due.id);
    }
    if ((await takeStep(deps, due, { locksPartition: true })) === 'CALLS') {
      await makeCall(deps, due);
    }
    const facts = (await readFacts(tx, verdict.match.userId)).filter(({ id }) => !told.has(id));
    for (const fact of facts) {
      told.add(fact.id);
    }
    const changes = facts.filter(({ type }) => !OF_RUNS.includes(type));
    changesOf.set(run.nextStep, [...(changesOf.get(run.nextStep) ?? []), ...changes]);
  }
  return readSteps(tx, due.id, changesOf);
}

/** Each call is answered as it is assumed. */
function assumedWebhooks(enrollmentId: string, { answers }: Assumptions): WebhookPort {
  const answersById = new Map([...answers].map(([step, answer]) => [stepId({ enrollmentId, step }), answer]));
  return {
    async post(call) {
      const answer = answersById.get(call.id);
      return answer ? answerOf(call, answer) : { kind: 'ACCEPTED' };
    },
  };
}

/** The event that the run waits for has come; its content is not read. */
async function receive({ accountId, sql: db }: Transaction, enrollmentId: string): Promise<void> {
  await sql`
    update workflow_enrollments set received = '{}' where account_id = ${accountId} and id = ${enrollmentId}`.execute(
    db,
  );
}

/** They tell of the run, not of what it changed. */
const OF_RUNS = ['run_completed', 'run_failed', 'webhook_failing'];

async function readRun({ accountId, sql: db }: Transaction, id: string) {
  const { rows } = await sql<{ next_step: number; due_at: string | null }>`
    select next_step, due_at from workflow_enrollments where account_id = ${accountId} and id = ${id}`.execute(
    db,
  );
  const [row] = rows;
  return { nextStep: row?.next_step ?? 0, dueAt: row?.due_at ? instantFromText(row.due_at) : null };
}

async function readFacts({ accountId, sql: db }: Transaction, userId: string): Promise<Fact[]> {
  const { rows } = await sql<{ fact: Fact }>`
    select f.fact from outbox o, jsonb_array_elements(o.facts) with ordinality as f (fact, position)
    where o.account_id = ${accountId} and o.user_id = ${userId} and o.evaluated_at is null
      and o.partition = (uuid_hash_extended(${userId}::uuid, 0) & 31)
    order by o.sequence, f.position`.execute(db);
  return rows.map(({ fact }) => fact);
}

async function readFactIds(tx: Transaction, userId: string): Promise<string[]> {
  return (await readFacts(tx, userId)).map(({ id }) => id);
}

async function readSteps(
  { accountId, sql: db }: Transaction,
  enrollmentId: string,
  changesOf: ReadonlyMap<number, readonly Fact[]>,
): Promise<SimulatedStep[]> {
  const { rows } = await sql<{
    step: number;
    path: string;
    action: string;
    outcome: string;
    reason: string | null;
    detail: string | null;
    taken: string | null;
    executed_at: string;
  }>`
    select step, path, action, outcome, reason, tries -> -1 ->> 'detail' as detail, taken, executed_at
    from action_executions
    where account_id = ${accountId} and enrollment_id = ${enrollmentId} order by step`.execute(db);
  return rows.map(({ executed_at, ...row }) => ({
    ...row,
    at: instantFromText(executed_at),
    changes: changesOf.get(row.step) ?? [],
    isAssumed: isAssumed(row.action),
  }));
}
