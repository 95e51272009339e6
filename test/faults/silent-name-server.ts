/**
 * While the receivers of webhooks have a name server that never answers, the database's connections are cut: servers must
 * connect again, and the name of their database is resolved in the process that waits for the others.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { newId } from '../../src/values/new-id.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { insertRun } from '../automation/actions/run-rows.ts';
import { createAthlete } from '../support/fixtures.ts';
import { asOwner, retried } from './as-owner.ts';
import type { TestBed } from './test-bed.ts';

const ACCOUNTS = 4;
/** More than the names that are asked for at the same time for an account. */
const RUNS_OF_ACCOUNT = 4;
const ASKED_WITHIN_MS = 30_000;
const POLL_MS = 20;

/** The runs are removed afterwards, because no verdict has started them. */
export async function cutWhileNamesAreAsked(
  { admin, nameServer, servers }: TestBed,
  durationMs: number,
): Promise<void> {
  const asked = nameServer.asked.length;
  const accountIds: string[] = [];
  while (accountIds.length < ACCOUNTS) {
    accountIds.push(await retried(() => startCalls(admin)));
  }
  const giveUpAtMs = performance.now() + ASKED_WITHIN_MS;
  while (nameServer.asked.length === asked && performance.now() < giveUpAtMs) {
    await delay(POLL_MS);
  }
  for (const { database } of servers) {
    database.cut();
  }
  await delay(durationMs);
  await asOwner(admin, async (db) => {
    const ofAccounts = sql`where account_id = any(${accountIds}::uuid[])`;
    await sql`delete from action_executions ${ofAccounts}`.execute(db);
    await sql`delete from workflow_enrollments ${ofAccounts}`.execute(db);
  });
}

/** An account whose runs call receivers that have no address, each at a name of its own. */
async function startCalls(admin: TestBed['admin']): Promise<string> {
  const athlete = await createAthlete(admin, { lifts: {}, enrolled: false });
  for (let run = 0; run < RUNS_OF_ACCOUNT; run += 1) {
    const url = `https://${newId()}.example/`;
    const actions = [{ case: 'callWebhook' as const, value: { url } }];
    await insertRun(admin, { ...athlete, now: systemClock, actions });
  }
  return athlete.accountId;
}
