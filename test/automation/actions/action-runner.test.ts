/** How runs go from step to step, rest, are tried again and end. */
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { takeStep } from '../../../src/automation/actions/take-step.ts';
import type { Database } from '../../../src/store/database.ts';
import { setBackoffShare, useLongestBackoffs } from '../../support/backoff-share.ts';
import { openAdminConnection } from '../../support/database-server.ts';
import { createAthlete } from '../../support/fixtures.ts';
import { expectWaiting } from '../../support/held-athlete.ts';
import { openFaultyDatabase } from '../../support/statement-faults.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { type ActionInit, createTestDeps, createTestRunner, insertRun, readFacts, readRun } from './runs.ts';
import { createTestClock, START } from './test-clock.ts';

const db = useTestDatabase();
let database: Database;
beforeAll(() => {
  database = db.database;
});

const addTag = (tag: string): ActionInit => ({ case: 'addTag', value: { tag } });
const wait = (value: Extract<ActionInit, { case: 'wait' }>['value']['wait']): ActionInit => ({
  case: 'wait',
  value: { wait: value },
});

function newAthlete() {
  return createAthlete(database, { lifts: {}, enrolled: false });
}

/** What the service itself may not do. */
async function asOwner(statement: string) {
  const admin = openAdminConnection(db.url);
  await admin.run(statement);
  await admin.close();
}

async function setZone({ accountId, userId }: { accountId: string; userId: string }, zone: string | null) {
  await database.transaction(accountId, (tx) =>
    sql`update users set time_zone = ${zone} where account_id = ${accountId} and id = ${userId}`.execute(
      tx.sql,
    ),
  );
}

describe('a run', () => {
  test('runs its steps in order, and completes', async () => {
    const { now } = createTestClock();
    const made = await insertRun(database, {
      ...(await newAthlete()),
      actions: [addTag('one'), addTag('two'), addTag('three')],
      now,
    });

    await createTestRunner(database, { now }).runAll();

    expect(await readRun(database, made)).toEqual({
      state: 'COMPLETED',
      nextStep: 3,
      attempts: 0,
      dueAt: null,
      endedReason: null,
      steps: ['add_tag', 'add_tag', 'add_tag'].map((action) => ({
        action,
        outcome: 'DONE',
        attempts: 1,
        reason: null,
      })),
    });
    const facts = await readFacts(database, made.userId);
    expect(facts.map(({ data }) => data.tag)).toEqual(['one', 'two', 'three']);
  });

  test('is not run before its time, while it is queued, or after it has ended', async () => {
    const { now } = createTestClock();
    const athlete = await newAthlete();
    const actions = [addTag('vip')];
    const later = await insertRun(database, { ...athlete, actions, now, dueInMs: 1 });
    const queued = await insertRun(database, { ...athlete, actions, now, state: 'QUEUED' });

    await createTestRunner(database, { now }).runAll();

    for (const { accountId, enrollmentId: id } of [later, queued]) {
      expect(await takeStep(createTestDeps(database, { now }), { accountId, id })).toBe('ABSENT');
    }
    expect(await readRun(database, later)).toMatchObject({ state: 'TRIGGERED', steps: [] });
    expect(await readRun(database, queued)).toMatchObject({ state: 'QUEUED', steps: [] });
    expect(await readFacts(database, athlete.userId)).toEqual([]);
  });

  test('keeps the actions of the version with which it started', async () => {
    const { now } = createTestClock();
    const made = await insertRun(database, { ...(await newAthlete()), actions: [addTag('old')], now });
    await database.transaction(made.accountId, (tx) =>
      sql`update workflows set version = 2, actions = '[{"addTag": {"tag": "new"}}]'
          where account_id = ${made.accountId} and id = ${made.workflowId}`.execute(tx.sql),
    );

    await createTestRunner(database, { now }).runAll();

    expect((await readFacts(database, made.userId)).map(({ data }) => data.tag)).toEqual(['old']);
  });

  test('continues while its workflow is paused', async () => {
    const { now } = createTestClock();
    const made = await insertRun(database, { ...(await newAthlete()), actions: [addTag('vip')], now });
    await database.transaction(made.accountId, (tx) =>
      sql`update workflows set status = 'PAUSED' where account_id = ${made.accountId}`.execute(tx.sql),
    );

    await createTestRunner(database, { now }).runAll();

    expect(await readRun(database, made)).toMatchObject({ state: 'COMPLETED' });
  });

  test.each([
    ['before its first step', 0],
    ['between two steps', 1],
    ['behind its last step', 2],
  ])('is cancelled when its athlete is deleted %s', async (_when, nextStep) => {
    const { now } = createTestClock();
    const actions = [addTag('one'), addTag('two')];
    const made = await insertRun(database, { ...(await newAthlete()), actions, now, nextStep });
    await database.transaction(made.accountId, (tx) =>
      sql`update users set deleted_at = now() where account_id = ${made.accountId}`.execute(tx.sql),
    );

    await createTestRunner(database, { now }).runAll();

    expect(await readRun(database, made)).toMatchObject({
      state: 'CANCELLED',
      endedReason: 'SUBJECT_DELETED',
      dueAt: null,
      steps: [],
    });
    expect(await readFacts(database, made.userId)).toEqual([]);
  });

  test('is cancelled when its athlete is deleted while the step starts', async () => {
    const { now } = createTestClock();
    const made = await insertRun(database, { ...(await newAthlete()), actions: [addTag('vip')], now });
    const { accountId, enrollmentId: id } = made;
    let taken: Promise<unknown> | undefined;

    await database.transaction(accountId, async (tx) => {
      await sql`update users set deleted_at = now() where account_id = ${accountId}`.execute(tx.sql);
      taken = takeStep(createTestDeps(database, { now }), { accountId, id });
      await expectWaiting(database, 1);
    });
    await taken;

    expect(await readRun(database, made)).toMatchObject({
      state: 'CANCELLED',
      endedReason: 'SUBJECT_DELETED',
      steps: [],
    });
  });

  test('fails with a failed step, and later steps are not run', async () => {
    const { now } = createTestClock();
    const made = await insertRun(database, {
      ...(await newAthlete()),
      actions: [addTag('one'), { case: 'scaleLiftMax', value: { maxType: 1, factor: '0.9' } }, addTag('two')],
      now,
    });

    await createTestRunner(database, { now }).runAll();

    expect(await readRun(database, made)).toMatchObject({
      state: 'FAILED',
      endedReason: 'NOT_ENROLLED',
      nextStep: 1,
      dueAt: null,
      steps: [
        { outcome: 'DONE' },
        { action: 'scale_lift_max', outcome: 'FAILED', attempts: 1, reason: 'NOT_ENROLLED' },
      ],
    });
    expect((await readFacts(database, made.userId)).map(({ data }) => data.tag)).toEqual(['one']);
  });
});

describe('a wait', () => {
  /** Runs one wait and gives when the run is due again. */
  async function dueAfter(
    action: ActionInit,
    { zone = null, at = START }: { zone?: string | null; at?: string } = {},
  ) {
    const { now } = createTestClock(at);
    const athlete = await newAthlete();
    await setZone(athlete, zone);
    const made = await insertRun(database, { ...athlete, actions: [action, addTag('vip')], now });
    await createTestRunner(database, { now }).runAll();
    return readRun(database, made);
  }

  test('waits for its duration, and the run continues', async () => {
    const { now, advance } = createTestClock();
    const action = wait({ case: 'duration', value: { seconds: 90n, nanos: 500_000_000 } });
    const made = await insertRun(database, {
      ...(await newAthlete()),
      actions: [action, addTag('vip')],
      now,
    });
    const runner = createTestRunner(database, { now });

    await runner.runAll();
    expect(await readRun(database, made)).toMatchObject({
      state: 'ACTIVE',
      nextStep: 0,
      dueAt: '2026-11-20T12:01:30.500000Z',
      steps: [{ action: 'wait', outcome: 'WAITING', attempts: 1 }],
    });

    advance(90_499);
    await runner.runAll();
    expect(await readRun(database, made)).toMatchObject({ state: 'ACTIVE', nextStep: 0 });
    advance(1);
    await runner.runAll();
    expect(await readRun(database, made)).toMatchObject({
      state: 'COMPLETED',
      steps: [{ outcome: 'DONE' }, { outcome: 'DONE' }],
    });
  });

  test('waits until a point in time, and not at all when that has passed', async () => {
    const until = (seconds: bigint) => wait({ case: 'until', value: { seconds, nanos: 0 } });
    const noon = BigInt(Date.parse(START) / 1000);

    expect(await dueAfter(until(noon + 60n))).toMatchObject({
      state: 'ACTIVE',
      dueAt: '2026-11-20T12:01:00.000000Z',
    });
    expect(await dueAfter(until(noon))).toMatchObject({ state: 'COMPLETED' });
    expect(await dueAfter(until(noon - 60n))).toMatchObject({
      state: 'COMPLETED',
      steps: [{ action: 'wait', outcome: 'DONE' }, { outcome: 'DONE' }],
    });
  });

  test.each([
    ['today', '14:00', 'Europe/Berlin', START, '2026-11-20T13:00:00.000000Z'],
    ['tomorrow', '12:59', 'Europe/Berlin', START, '2026-11-21T11:59:00.000000Z'],
    ['on the athlete’s own day', '07:00', 'Pacific/Auckland', START, '2026-11-20T18:00:00.000000Z'],
    ['behind the gap', '02:30', 'Europe/Berlin', '2026-03-28T20:00:00Z', '2026-03-29T01:30:00.000000Z'],
    ['the first of two', '02:30', 'Europe/Berlin', '2026-10-24T20:00:00Z', '2026-10-25T00:30:00.000000Z'],
    ['in UTC without a zone', '18:30', null, START, '2026-11-20T18:30:00.000000Z'],
  ])('waits until a local time: %s', async (_what, time, zone, at, expected) => {
    const { dueAt } = await dueAfter(wait({ case: 'untilLocalTime', value: time }), { zone, at });

    expect(dueAt).toBe(expected);
  });

  test('does not wait when it is that time', async () => {
    expect(
      await dueAfter(wait({ case: 'untilLocalTime', value: '13:00' }), { zone: 'Europe/Berlin' }),
    ).toMatchObject({ state: 'COMPLETED' });
  });

  test('uses the account’s zone for an athlete without one', async () => {
    const { now } = createTestClock();
    const athlete = await newAthlete();
    await asOwner(`update accounts set time_zone = 'Asia/Tokyo' where id = '${athlete.accountId}'`);
    const actions = [wait({ case: 'untilLocalTime', value: '22:00' })];
    const made = await insertRun(database, { ...athlete, actions, now });

    await createTestRunner(database, { now }).runAll();

    expect((await readRun(database, made)).dueAt).toBe('2026-11-20T13:00:00.000000Z');
  });
});

describe('a step with a temporary failure', () => {
  useLongestBackoffs();

  /** A run whose step meets a fault that passes, or does not. */
  async function meetFault(tries: number, sqlState?: string) {
    const { now, advance } = createTestClock();
    const made = await insertRun(database, { ...(await newAthlete()), actions: [addTag('vip')], now });
    const faulty = openFaultyDatabase(db);
    const limits = { stepTries: 3, firstStepPauseMs: 1_000, longestStepPauseMs: 1_500 };
    const deps = createTestDeps(faulty.database, { now, limits });
    const dues: number[] = [];
    for (let tried = 0; tried < tries; tried += 1) {
      faulty.arm({ statement: 5, how: 'refuse', times: 1, ...(sqlState ? { sqlState } : {}) });
      expect(await takeStep(deps, { accountId: made.accountId, id: made.enrollmentId })).toBe('RESTS');
      expect(faulty.disarm()).toBe(1);
      const { dueAt } = await readRun(database, made);
      if (dueAt) {
        const pauseMs = Date.parse(dueAt) - Number(now() / 1000n);
        dues.push(pauseMs);
        // Below the millisecond there is more of it.
        advance(pauseMs + 1);
      }
    }
    await createTestRunner(database, { now, limits }).runAll();
    await faulty.close();
    const facts = await readFacts(database, made.userId);
    return { ...(await readRun(database, made)), dues, facts, errors: deps.errors };
  }

  test.each([
    ['a deadlock', '40P01'],
    ['a serialization failure', '40001'],
    ['a server that goes down', '57P01'],
    ['a deadline', '57014'],
    ['a defect', undefined],
  ])('is retried after %s, and done once', async (_what, sqlState) => {
    const met = await meetFault(2, sqlState);

    expect(met).toMatchObject({
      state: 'COMPLETED',
      attempts: 0,
      steps: [{ outcome: 'DONE', attempts: 3, reason: null }],
    });
    expect(met.errors).toHaveLength(2);
    expect(met.facts).toHaveLength(1);
  });

  test('is retried with growing pauses, up to the longest one', async () => {
    expect((await meetFault(2, '40001')).dues).toEqual([1_000, 1_500]);
  });

  test('is retried after a random share of its pause', async () => {
    setBackoffShare(0.5);
    expect((await meetFault(2, '40001')).dues).toEqual([500, 750]);
  });

  test.each([
    ['CONCURRENT_UPDATE', '40001'],
    ['INTERNAL', undefined],
  ])('fails when its attempts are used up: %s', async (reason, sqlState) => {
    const met = await meetFault(3, sqlState);

    expect(met).toMatchObject({
      state: 'FAILED',
      endedReason: reason,
      dueAt: null,
      steps: [{ outcome: 'FAILED', attempts: 3, reason }],
    });
    expect(met.facts).toEqual([]);
  });

  test('is retried when it cannot be read, and does not delay other runs', async () => {
    const { now } = createTestClock();
    const athlete = await newAthlete();
    const broken = await insertRun(database, { ...athlete, actions: [addTag('vip')], now, dueInMs: -1_000 });
    const fine = await insertRun(database, { ...athlete, actions: [addTag('vip')], now });
    await asOwner(
      `update workflow_versions set actions = '[{"addTag": {"label": 1}}]' where workflow_id = '${broken.workflowId}'`,
    );
    const runner = createTestRunner(database, { now });

    await runner.runAll();

    expect(await readRun(database, broken)).toMatchObject({
      state: 'ACTIVE',
      attempts: 1,
      steps: [{ action: 'add_tag', outcome: 'RETRYING', reason: 'INTERNAL' }],
    });
    expect(runner.errors).toHaveLength(1);
    expect(await readRun(database, fine)).toMatchObject({ state: 'COMPLETED' });
  });
});

test('a run whose workflow cannot be read does not delay other runs', async () => {
  const { now } = createTestClock();
  const athlete = await newAthlete();
  const actions = [addTag('vip')];
  const broken = await insertRun(database, { ...athlete, actions, now, dueInMs: -1_000 });
  const fine = await insertRun(database, { ...athlete, actions, now });
  await asOwner(`update workflow_versions set actions = '{}' where workflow_id = '${broken.workflowId}'`);
  const runner = createTestRunner(database, { now, limits: { concurrentSteps: 1 } });

  await runner.runAll();

  expect(runner.errors).not.toEqual([]);
  expect(await readRun(database, broken)).toMatchObject({ state: 'TRIGGERED', attempts: 0 });
  expect(await readRun(database, fine)).toMatchObject({ state: 'COMPLETED' });
  await asOwner(`delete from workflow_enrollments where id = '${broken.enrollmentId}'`);
});

test('a pass rejects when the database is unavailable, and the next pass continues the runs', async () => {
  const { now } = createTestClock();
  const made = await insertRun(database, { ...(await newAthlete()), actions: [addTag('vip')], now });
  const faulty = openFaultyDatabase(db);
  const runner = createTestRunner(faulty.database, { now });

  faulty.arm({ statement: 3, how: 'cut' });
  await expect(runner.runOnce()).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  faulty.disarm();
  await runner.runAll();

  expect(await readRun(database, made)).toMatchObject({ state: 'COMPLETED', steps: [{ attempts: 1 }] });
  await faulty.close();
});
