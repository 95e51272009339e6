/** The outbox: what followed from each event, written with it or not at all. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { instantFromText } from '../../src/instant.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { amrap, cycle, deload, linear } from '../support/rule-fixtures.ts';
import { rowsOf } from '../support/table-dump.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const AT = instantFromText('2026-03-01T10:00:00.123456Z');

interface OutboxRow {
  readonly user_id: string;
  readonly occurred_at: string;
  readonly facts: { readonly id: string; readonly type: string; readonly data: Record<string, unknown> }[];
}

function createWith(lifts: Record<string, string> = { squat: '100' }): Promise<Trainee> {
  const rules = [linear(), cycle(), amrap(), deload({ failureThreshold: 2 })];
  return createTrainee(db.database, { lifts, rules });
}

function outboxOf({ athlete }: Trainee): Promise<OutboxRow[]> {
  return rowsOf<OutboxRow>(db.database, athlete.accountId, 'outbox');
}

/** The facts of the latest event, by type and data. */
async function latestFacts(trainee: Trainee): Promise<[string, Record<string, unknown>][]> {
  const { facts = [] } = (await outboxOf(trainee)).at(-1) ?? {};
  return facts.map(({ type, data }) => [type, data]);
}

/** What the facts about a change have in common. */
async function changeOf(trainee: Trainee, previousValue: string, newValue: string, delta: string) {
  const { logs } = await trainee.client.listProgressionLogs({ userId: trainee.athlete.userId, pageSize: 1 });
  const max = { liftId: trainee.liftId('squat'), maxType: 'TRAINING_MAX' };
  return { ...max, previousValue, newValue, delta, logId: logs[0]?.id };
}

describe('the facts of an event', () => {
  test('are one row, with its athlete and its own time; each fact has an id', async () => {
    const trainee = await createWith();
    await trainee.startSession().finish('squat', { at: AT });

    const outbox = await outboxOf(trainee);

    expect(outbox).toHaveLength(1);
    expect(outbox[0]?.user_id).toBe(trainee.athlete.userId);
    expect(instantFromText(outbox[0]?.occurred_at ?? '')).toBe(AT);
    expect(new Set(outbox[0]?.facts.map(({ id }) => id)).size).toBe(3);
  });

  test('of a session: that it was completed, what applied, and how the max changed', async () => {
    const trainee = await createWith();
    const session = trainee.startSession();
    await session.finish('squat', { week: 2, day: 'heavy' });
    const { programId, progressionIds } = trainee.athlete;

    const change = await changeOf(trainee, '100', '102.5', '2.5');
    const liftsPerformed = [trainee.liftId('squat')];
    const { sessionId } = session;
    expect(await latestFacts(trainee)).toEqual([
      ['session_completed', { sessionId, daySlug: 'heavy', weekNumber: 2, liftsPerformed }],
      [
        'progression_applied',
        { programId, progressionId: progressionIds[0], triggerType: 'AFTER_SESSION', ...change },
      ],
      ['lift_max_changed', { version: 2, source: 'PROGRESSION', ...change }],
    ]);
  });

  test('of a week and a cycle: that they ended', async () => {
    const trainee = await createWith();
    await trainee.advanceWeek(4, { newWeek: 1, cycle: 2 });
    expect(await latestFacts(trainee)).toEqual([
      ['week_advanced', { previousWeek: 4, newWeek: 1, cycleIteration: 2 }],
    ]);

    await trainee.completeCycle(2, 4);
    const facts = await latestFacts(trainee);
    expect(facts[0]).toEqual(['cycle_completed', { completedCycle: 2, newCycle: 3, totalWeeks: 4 }]);
    expect(facts.map(([type]) => type)).toEqual([
      'cycle_completed',
      'progression_applied',
      'lift_max_changed',
    ]);
  });

  test('of sets: each set, whether it failed, what an AMRAP set came to, and what followed', async () => {
    const trainee = await createWith();
    const session = trainee.startSession();
    await session.log('squat w2/5 4/5 9/5+', { at: AT });

    const facts = await latestFacts(trainee);

    expect(facts.map(([type]) => type)).toEqual([
      'set_logged',
      ...['set_logged', 'set_failed'],
      ...['set_logged', 'amrap_result'],
      ...['progression_applied', 'lift_max_changed'],
    ]);
    const set = { sessionId: session.sessionId, liftId: trainee.liftId('squat'), weight: '60', rpe: null };
    expect(facts[2]?.[1]).toMatchObject({
      ...set,
      setNumber: 2,
      kind: 'WORK',
      targetReps: 5,
      repsPerformed: 4,
    });
    expect(facts[2]?.[1]).toEqual(facts[1]?.[1]);
    expect(facts[4]?.[1]).toMatchObject({ ...set, setNumber: 3, kind: 'AMRAP', repsPerformed: 9 });
    expect(facts[4]?.[1].performedAt).toBe('2026-03-01T10:00:00.123458Z');
  });

  test('of sets that were logged before: none', async () => {
    const trainee = await createWith();
    const session = trainee.startSession();
    await session.log('squat 9/5+');
    await trainee.startSession(session.sessionId).log('squat 9/5+');

    expect(await outboxOf(trainee)).toHaveLength(1);
  });

  test('of a manual trigger: what applied, and nothing when nothing did', async () => {
    const trainee = await createWith();
    await trainee.ask(1);
    await trainee.ask(1);

    expect((await outboxOf(trainee)).length).toBe(1);
    expect((await latestFacts(trainee)).map(([type]) => type)).toEqual([
      'progression_applied',
      'lift_max_changed',
    ]);
  });
});

describe('a max that a person changed', () => {
  test('is told with its value before, or null, and after', async () => {
    const trainee = await createWith();
    const { userId } = trainee.athlete;
    const max = { userId, liftId: trainee.liftId('squat') };
    const told = { liftId: max.liftId, source: 'MANUAL' };

    await trainee.client.setLiftMax({ ...max, maxType: MaxType.TRAINING_MAX, value: '120.50' });
    expect(await latestFacts(trainee)).toEqual([
      [
        'lift_max_changed',
        {
          ...told,
          maxType: 'TRAINING_MAX',
          version: 2,
          previousValue: '100',
          newValue: '120.5',
          delta: '20.5',
        },
      ],
    ]);
    await trainee.client.setLiftMax({ ...max, maxType: MaxType.ONE_RM, value: '150' });
    expect(await latestFacts(trainee)).toEqual([
      [
        'lift_max_changed',
        { ...told, maxType: 'ONE_RM', version: 1, previousValue: null, newValue: '150', delta: null },
      ],
    ]);
  });

  test('is told when an application was reverted', async () => {
    const trainee = await createWith();
    await trainee.startSession().finish('squat');
    const { userId } = trainee.athlete;
    const { logs } = await trainee.client.listProgressionLogs({ userId });
    await trainee.client.revertProgression({ userId, logId: `${logs[0]?.id}`, reason: 'a typo' });

    expect(await latestFacts(trainee)).toMatchObject([
      [
        'lift_max_changed',
        { version: 3, source: 'REVERT', previousValue: '102.5', newValue: '100', delta: '-2.5' },
      ],
    ]);
  });
});

describe('an event that is refused or repeated', () => {
  test('has no facts', async () => {
    const trainee = await createWith({ squat: '999999999999' });
    const session = trainee.startSession();
    await expectRefusal(session.finish('squat'), 'VALUE_OUT_OF_RANGE');
    expect(await outboxOf(trainee)).toEqual([]);

    await session.finish('');
    await session.finish('squat');
    expect(await latestFacts(trainee)).toMatchObject([['session_completed', { liftsPerformed: [] }]]);
    expect(await outboxOf(trainee)).toHaveLength(1);
  });
});
