/**
 * Kills server processes while runs are within branches and wait for events: each run goes one way, and each of its steps
 * is done once. `npm run kills` kills 20 times; KILLS sets the number.
 */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { readRows } from '../store/schema-dump.ts';
import { createEventSource, type EventSource } from '../support/event-source.ts';
import { callAutomation, kill, type RunningServer, useKillableServers } from '../support/killable-servers.ts';
import { useTestDatabase } from '../support/test-database.ts';

const KILLS = Number(process.env.KILLS || 2);
const ATHLETES = 20;
const STEPS = ['split', 'branch', 'emit_event', 'wait_for_event', 'emit_event', 'emit_event'];
const TIMEOUT_MS = 60_000;

const db = useTestDatabase();

const start = useKillableServers(() => db.url);

/** An event of the account's own, each time, so that a repeated step is found. */
const pass = (place: string) => ({ emitEvent: { type: 'custom.passed', data: { place } } });

/** A payment starts a run, which waits within a branch for the end of the subscription; a second workflow ends at that event. */
async function createWorkflows(url: string): Promise<EventSource> {
  const source = await createEventSource(db.database, ATHLETES);
  await db.database.transaction(source.accountId, (tx) =>
    sql`insert into custom_event_types (account_id, slug, fields)
      values (${tx.accountId}, 'passed', '[{"name": "place", "type": "string", "description": ""}]')`.execute(
      tx.sql,
    ),
  );
  const waiting = {
    branch: {
      filter: { conditions: [{ field: 'amount', operator: 'greater_than', value: 5 }] },
      // biome-ignore lint/suspicious/noThenProperty: the contract names the list so.
      then: [
        pass('before'),
        {
          waitForEvent: {
            eventType: 'subscription_cancelled',
            timeout: '3600s',
            received: [pass('received')],
            timedOut: [pass('timed_out')],
          },
        },
      ],
      else: [pass('else')],
    },
  };
  const split = {
    split: {
      paths: [
        { name: 'a', percent: 50, actions: [waiting] },
        { name: 'b', percent: 50, actions: [waiting] },
      ],
    },
  };
  const trigger = { triggerEvent: 'payment_received' };
  for (const workflow of [
    { name: 'Waiting', trigger, actions: [split, pass('end')] },
    {
      name: 'Ending',
      trigger,
      actions: [pass('started'), { wait: { duration: '3600s' } }, pass('never')],
      exits: [{ eventType: 'subscription_cancelled' }],
    },
  ]) {
    const made = await callAutomation(url, source.accountId, 'WorkflowService/CreateWorkflow', workflow);
    const { id: workflowId } = made.workflow;
    await callAutomation(url, source.accountId, 'WorkflowService/ActivateWorkflow', { workflowId });
  }
  return source;
}

async function publish(
  url: string,
  { accountId, userIds }: EventSource,
  { type, data }: { type: string; data: object },
): Promise<void> {
  const events = userIds.map((userId) => ({ id: uuidv7(), type, userId, data }));
  await callAutomation(url, accountId, 'EventService/PublishEvents', { events });
}

async function countSteps({ accountId }: EventSource, outcome: string): Promise<number> {
  const [row] = await readRows<{ count: number }>(
    db.database,
    sql`select count(*)::int as count from action_executions
        where account_id = ${accountId} and outcome = ${outcome}`,
  );
  return row?.count ?? 0;
}

/** Kills the process once so many steps are done, and starts the next one. */
async function killAfter(running: RunningServer, source: EventSource, done: number) {
  await expect
    .poll(() => countSteps(source, 'DONE'), { interval: 5, timeout: 60_000 })
    .toBeGreaterThanOrEqual(done);
  await kill(running);
  return start();
}

/** Runs by their state and steps, and the emitted events of each athlete by place; each with its number. */
async function summary({ accountId }: EventSource) {
  const runs = await readRows<{ state: string; steps: string[] | null; count: number }>(
    db.database,
    sql`select state, steps, count(*)::int as count from (
          select e.state, array_agg(x.action order by x.step) filter (where e.state = 'COMPLETED') as steps
          from workflow_enrollments e
          left join action_executions x on x.account_id = e.account_id and x.enrollment_id = e.id
          where e.account_id = ${accountId} group by e.id, e.state
        ) each group by 1, 2 order by 1`,
  );
  const passed = await readRows<{ place: string; athletes: number; events: number }>(
    db.database,
    sql`select data ->> 'place' as place, count(distinct user_id)::int as athletes, count(*)::int as events
        from events where account_id = ${accountId} and type = 'custom.passed'
          and data ->> 'place' <> 'started' group by 1 order by 1`,
  );
  return { runs, passed };
}

test('a process that is killed within branches and waits loses and doubles nothing', {
  timeout: 2 * (KILLS + 1) * TIMEOUT_MS,
}, async () => {
  const expected = {
    runs: [
      { state: 'COMPLETED', steps: STEPS, count: ATHLETES },
      { state: 'EXITED', steps: null, count: ATHLETES },
    ],
    passed: ['before', 'end', 'received'].map((place) => ({
      ...{ place, athletes: ATHLETES, events: ATHLETES },
    })),
  };
  let running = await start();
  for (let repetition = 1; repetition <= KILLS; repetition += 1) {
    const source = await createWorkflows(running.url);
    await publish(running.url, source, { type: 'payment_received', data: { amount: '10' } });
    const isInBranches = repetition % 2 === 1;
    if (isInBranches) {
      running = await killAfter(running, source, (repetition * 7) % (ATHLETES * 4));
    }
    await expect.poll(() => countSteps(source, 'WAITING'), { timeout: 60_000 }).toBe(2 * ATHLETES);
    await publish(running.url, source, { type: 'subscription_cancelled', data: {} });
    if (!isInBranches) {
      const done = await countSteps(source, 'DONE');
      running = await killAfter(running, source, done + ((repetition * 7) % (ATHLETES * 3)));
    }
    await expect.poll(() => summary(source), { timeout: 60_000 }).toEqual(expected);
  }
});
