/** Evaluation of outbox entries: verdicts, enrollments and the log. */
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { openFaultyDatabase } from '../../support/statement-faults.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  allOf,
  createAutomatedAccount,
  evaluateAll,
  evaluatorDeps,
  logRows,
  waitingPartitions,
} from './automated-account.ts';

const db = useTestDatabase();
let account: AutomatedAccount;
beforeAll(async () => {});
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
});

describe('an event', () => {
  test('becomes a row of the log, and its outbox entry is removed', async () => {
    const userId = await account.addAthlete();
    const [eventId] = await account.emit(userId, { data: { week_number: 3 } });

    expect(await evaluateAll(account)).toBe(1);

    expect(await account.rows(sql`select id from outbox`)).toEqual([]);
    const rows = await account.rows(sql`
      select id, type, user_id, data, previous, root_event_id, causation_id, depth, chain, outcomes, actor from events`);
    expect(rows).toEqual([
      {
        id: eventId,
        type: 'session_completed',
        user_id: userId,
        data: { week_number: 3 },
        previous: null,
        root_event_id: eventId,
        causation_id: null,
        depth: 0,
        chain: [],
        outcomes: [],
        actor: 'SYSTEM',
      },
    ]);
  });

  test('enrolls the athlete when the filter matches', async () => {
    const userId = await account.addAthlete();
    const ids = await account.addWorkflow({
      filters: allOf({ field: 'week_number', operator: 'equals', value: 3 }),
    });
    const [eventId] = await account.emit(userId, { data: { week_number: 3 } });

    await evaluateAll(account);

    const enrollments = await account.rows(sql`
      select workflow_id, workflow_version, trigger_id, trigger_version, user_id, event_id, event, cause, state, next_step
      from workflow_enrollments`);
    expect(enrollments).toEqual([
      {
        workflow_id: ids.workflowId,
        workflow_version: 1,
        trigger_id: ids.triggerId,
        trigger_version: 1,
        user_id: userId,
        event_id: eventId,
        event: {
          type: 'session_completed',
          actor: 'SYSTEM',
          id: eventId,
          occurred_at: '2026-03-02T12:00:00.000000Z',
          data: { week_number: 3 },
          previous: null,
        },
        cause: { rootEventId: eventId, causationId: eventId, depth: 1, chain: [ids.workflowId] },
        state: 'TRIGGERED',
        next_step: 0,
      },
    ]);
    expect(await logRows(account)).toMatchObject([
      { event_id: eventId, trigger_id: ids.triggerId, kind: 'LIVE', matched: true, enrolled: true },
    ]);
  });

  test('without candidate triggers costs at most eight statements per batch', async () => {
    const faulty = openFaultyDatabase(db);
    await account.addWorkflow({ event: 'session_missed' });
    const evaluator = createEvaluator(evaluatorDeps(faulty.database));
    await account.emit(await account.addAthlete(), {});
    await evaluateAll(account, evaluator);
    const userId = await account.addAthlete();
    await account.emit(userId, {}, {}, {});
    const [{ partition } = { partition: -1 }] = await waitingPartitions(account);

    // The eight statements: begin, account, lock, entries, revision, listening runs, log, commit.
    faulty.arm({ statement: 9, how: 'refuse' });
    const outcome = await evaluator.evaluatePartitions(account.accountId, [partition]);

    expect(outcome).toEqual({ evaluated: 3, busy: [], unfinished: [] });
    expect(faulty.disarm()).toBe(0);
    await faulty.close();
  });
});

describe('a change of an athlete', () => {
  const cursors = () => account.rows(sql`select user_id from time_cursors`);
  const settings = { time: { birthday: { at: '08:00' } } };

  test('reschedules the time triggers of that athlete only', async () => {
    const userId = await account.addAthlete({ birth_date: '1990-07-01' });
    const other = await account.addAthlete({ birth_date: '1990-07-01' });
    await account.addWorkflow({ event: 'birthday', settings });
    await account.emit(userId, { type: 'contact_updated' });
    await account.emit(other, { type: 'session_completed' });
    await evaluateAll(account);

    expect(await cursors()).toEqual([{ user_id: userId }]);
  });

  test('schedules nothing while no time trigger is activated', async () => {
    const userId = await account.addAthlete({ birth_date: '1990-07-01' });
    await account.addWorkflow({ event: 'birthday', settings, status: 'PAUSED' });
    await account.emit(userId, { type: 'contact_updated' });
    await evaluateAll(account);

    expect(await cursors()).toEqual([]);
  });
});
