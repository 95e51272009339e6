/** The service itself tells when an athlete has completed no session for some days, once for each pause. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, expect, test } from 'vitest';
import type { Evaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { EnrollmentPolicy } from '../../../src/gen/automation/v1/trigger_pb.ts';
import {
  type AutomationClient,
  addTag,
  createActiveWorkflow,
  createWorkflow,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { type AutomatedAccount, evaluateAll, loggedReasons } from '../evaluation/automated-account.ts';
import type { TimeAccount } from './time-fixtures.ts';
import { createTimedAccount } from './timed-account.ts';

const db = useTestDatabase();
let account: AutomatedAccount;
let time: TimeAccount;
let client: AutomationClient;
let evaluator: Evaluator;
beforeEach(async () => {
  ({ account, time, client, evaluator } = await createTimedAccount(db.database));
});

function inactive(days: number) {
  const schedule = { case: 'athleteInactive', value: { days } } as const;
  return {
    trigger: {
      triggerEvent: 'athlete_inactive',
      settings: { policy: EnrollmentPolicy.MULTIPLE, time: { schedule } },
    },
    actions: [addTag('away')],
  };
}

async function completeSession(userId: string, day: string) {
  await account.rows(sql`
    insert into requests (account_id, method, request_id, fingerprint, response, user_id, trigger_type, trigger_key,
      occurred_at)
    values (${account.accountId}, 'HandleSessionComplete', ${uuidv7()}, '', '', ${userId}, 'AFTER_SESSION',
      ${`session:${uuidv7()}`}, ${`${day}T18:00:00Z`})`);
}

/** Until nothing is due and nothing waits, as of then: the events that were made, oldest first. */
async function at(day: string) {
  time.clock.set(`${day}T20:00:00`);
  await time.runAll();
  await evaluateAll(account, evaluator);
  const events = await account.rows(
    sql<{ data: unknown; at: string }>`
      select data, to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI') as at
      from events where type = 'athlete_inactive' order by occurred_at`,
  );
  return events.map(({ data, at }) => [at, data]);
}

test('an athlete who trains no more is told of once for each pause', async () => {
  const userId = await account.addAthlete({ created_at: time.clock.now });
  await completeSession(userId, '2026-07-01');
  await createActiveWorkflow(client, inactive(3));

  expect(await at('2026-07-03')).toEqual([]);
  const first = ['2026-07-04T18:00', { days: 3, last_session_on: '2026-07-01' }];
  expect(await at('2026-07-04')).toEqual([first]);
  expect(await at('2026-07-12')).toEqual([first]);

  await completeSession(userId, '2026-07-13');
  expect(await at('2026-07-15')).toEqual([first]);
  const second = ['2026-07-16T18:00', { days: 3, last_session_on: '2026-07-13' }];
  expect(await at('2026-07-16')).toEqual([first, second]);
  expect(await loggedReasons(account)).toEqual(['ENROLLED', 'ENROLLED']);
});

test('an athlete who trains in time is not told of, and no session moves a cursor', async () => {
  const userId = await account.addAthlete({ created_at: time.clock.now });
  await createActiveWorkflow(client, inactive(3));
  await at('2026-07-01');
  const [planned] = await time.cursors();
  for (const day of ['02', '03', '04', '06', '08', '10']) {
    await completeSession(userId, `2026-07-${day}`);
    if (day === '03') {
      expect(await time.cursors()).toEqual([planned]);
    }
    expect(await at(`2026-07-${day}`)).toEqual([]);
  }
  expect(await at('2026-07-13')).toEqual([['2026-07-13T18:00', { days: 3, last_session_on: '2026-07-10' }]]);
});

test('who never trained counts from when they were added, also those who are added later', async () => {
  await account.addAthlete({ created_at: time.clock.now });
  await createActiveWorkflow(client, inactive(3));
  await at('2026-07-02');
  await client.users.createUser({ name: 'Ben' });

  expect(await at('2026-07-04')).toEqual([['2026-07-04T00:00', { days: 3 }]]);
  expect(await at('2026-07-05')).toEqual([
    ['2026-07-04T00:00', { days: 3 }],
    ['2026-07-05T20:00', { days: 3 }],
  ]);
});

test('a pause that was too long already when the trigger was activated is left out', async () => {
  const userId = await account.addAthlete();
  await completeSession(userId, '2026-06-01');
  await createActiveWorkflow(client, inactive(3));

  expect(await at('2026-07-10')).toEqual([]);
  await completeSession(userId, '2026-07-11');
  expect(await at('2026-07-14')).toHaveLength(1);
});

test('two workflows with other numbers of days each have their own time', async () => {
  const userId = await account.addAthlete({ created_at: time.clock.now });
  await completeSession(userId, '2026-07-01');
  await createActiveWorkflow(client, inactive(3));
  await createActiveWorkflow(client, inactive(7));

  await at('2026-07-04');
  expect(await loggedReasons(account)).toEqual(['ENROLLED']);
  await at('2026-07-08');
  expect(await loggedReasons(account)).toEqual(['ENROLLED', 'ENROLLED']);
});

test('without a schedule a trigger waits for published events', async () => {
  const { trigger, actions } = inactive(3);
  await createActiveWorkflow(client, { trigger: { ...trigger, settings: { policy: 3 } }, actions });
  const userId = await account.addAthlete({ created_at: time.clock.now });

  expect(await at('2026-07-20')).toEqual([]);
  await client.events.publishEvents({
    events: [{ id: uuidv7(), type: 'athlete_inactive', userId, data: { days: 19 } }],
  });
  expect(await at('2026-07-20')).toHaveLength(1);
  expect(await loggedReasons(account)).toEqual(['ENROLLED']);
});

test.each([0, 367, -1])('%s days are refused', async (days) => {
  await expectRefusal(createWorkflow(client, inactive(days)), 'VALIDATION_FAILED', [
    'trigger.settings.time.athlete_inactive.days',
  ]);
});

test('a template builds it, and names its parameter for a number that is none', async () => {
  const make = (days: string) =>
    client.workflows.createWorkflowFromTemplate({
      template: 'drop-off-rescue',
      parameters: { days, webhook_url: 'https://example.com/hook' },
    });
  const { workflow } = await make('12');
  expect(present(present(workflow).trigger).settings?.time?.schedule).toMatchObject({ value: { days: 12 } });
  await expectRefusal(make('many'), 'VALIDATION_FAILED', ['parameters["days"]']);
});
