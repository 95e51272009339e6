/** The outbox: what followed from each event, written with it or not at all. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { MaxType, SetKind } from '../../../src/gen/progression/v1/common_pb.ts';
import { instantFromText } from '../../../src/values/instant.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { createTeammate } from '../../support/fixtures.ts';
import { createProgressionClient } from '../../support/progression-client.ts';
import { amrap, cycle, deload, linear, stages } from '../../support/rule-fixtures.ts';
import { rowsOf } from '../../support/table-dump.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTrainee, type Trainee, traineeWith } from '../../support/trainee.ts';
import { openWatchedDatabase } from '../../support/watched-statements.ts';

const db = useTestDatabase();

const AT = instantFromText('2026-03-01T10:00:00.123456Z');

interface StoredFact {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly previous?: Record<string, unknown>;
}

interface OutboxRow {
  readonly user_id: string;
  readonly occurred_at: string;
  readonly facts: readonly StoredFact[];
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

/** The latest event's facts of one type. */
async function latestOf(trainee: Trainee, type: string): Promise<StoredFact[]> {
  const { facts = [] } = (await outboxOf(trainee)).at(-1) ?? {};
  return facts.filter((each) => each.type === type);
}

/** The log row of the latest application. */
async function latestLogId(trainee: Trainee): Promise<string | undefined> {
  const { logs } = await trainee.client.listProgressionLogs({ userId: trainee.athlete.userId, pageSize: 1 });
  return logs[0]?.id;
}

describe('the facts of an event', () => {
  test('are one outbox row, with its athlete and its own time; each fact has an id', async () => {
    const trainee = await createWith();
    await trainee.startSession().finish('squat', { at: AT });

    const outbox = await outboxOf(trainee);

    expect(outbox).toHaveLength(1);
    expect(outbox[0]?.user_id).toBe(trainee.athlete.userId);
    expect(instantFromText(outbox[0]?.occurred_at ?? '')).toBe(AT);
    expect(new Set(outbox[0]?.facts.map(({ id }) => id)).size).toBe(3);
  });

  test('of a session are its completion, its applications and the changes of maxes', async () => {
    const trainee = await createWith();
    const session = trainee.startSession();
    await session.finish('squat', { week: 2, day: 'heavy' });
    const { programId, progressionIds } = trainee.athlete;

    const squat = trainee.liftId('squat');
    const max = { lift_id: squat, max_type: 'TRAINING_MAX' };
    const log_id = await latestLogId(trainee);
    expect(await latestFacts(trainee)).toEqual([
      [
        'session_completed',
        {
          session_id: session.sessionId,
          program_id: programId,
          day_slug: 'heavy',
          week_number: 2,
          lifts_performed: [squat],
        },
      ],
      [
        'progression_applied',
        {
          ...{ program_id: programId, session_id: session.sessionId },
          progression_id: progressionIds[0],
          trigger_type: 'AFTER_SESSION',
          ...max,
          previous_value: '100',
          new_value: '102.5',
          delta: '2.5',
          log_id,
        },
      ],
      [
        'lift_max_changed',
        {
          ...{ ...max, value: '102.5', version: 2, delta: '2.5', source: 'PROGRESSION', log_id },
          ...{ program_id: programId, session_id: session.sessionId },
        },
      ],
    ]);
    expect(await latestOf(trainee, 'lift_max_changed')).toMatchObject([
      { previous: { value: '100', version: 1 } },
    ]);
  });

  test('of a week and a cycle are their ends', async () => {
    const trainee = await createWith();
    const program_id = trainee.athlete.programId;
    await trainee.advanceWeek(4, { newWeek: 1, cycle: 2 });
    expect(await latestFacts(trainee)).toEqual([
      ['week_advanced', { program_id, previous_week: 4, new_week: 1, cycle_iteration: 2 }],
    ]);

    await trainee.completeCycle(2, 4);
    const facts = await latestFacts(trainee);
    expect(facts[0]).toEqual([
      'cycle_completed',
      { program_id, completed_cycle: 2, new_cycle: 3, total_weeks: 4 },
    ]);
    expect(facts.map(([type]) => type)).toEqual([
      'cycle_completed',
      'progression_applied',
      'lift_max_changed',
    ]);
  });

  test('of sets are each set, its failure, the result of an AMRAP set, and the applications', async () => {
    const trainee = await createWith();
    const session = trainee.startSession();
    await session.log('squat w2/5 4/5 9/5+', { at: AT });

    const facts = await latestFacts(trainee);

    expect(facts.map(([type]) => type)).toEqual([
      'set_logged',
      ...['set_logged', 'set_failed'],
      ...['set_logged', 'amrap_result', 'personal_record'],
      ...['progression_applied', 'lift_max_changed'],
    ]);
    const set = {
      session_id: session.sessionId,
      lift_id: trainee.liftId('squat'),
      weight: '60',
      target_reps: 5,
      rpe: null,
    };
    expect(facts[2]?.[1]).toMatchObject({
      ...set,
      ...{ set_number: 2, kind: 'WORK', reps_performed: 4, reps_difference: -1 },
    });
    expect(facts[2]?.[1]).toEqual(facts[1]?.[1]);
    expect(facts[4]?.[1]).toMatchObject({
      ...set,
      ...{ set_number: 3, kind: 'AMRAP', reps_performed: 9, reps_difference: 4 },
      performed_at: '2026-03-01T10:00:00.123458Z',
    });
  });

  test('of sets that were logged before are none', async () => {
    const trainee = await createWith();
    const session = trainee.startSession();
    await session.log('squat 9/5+');
    await trainee.startSession(session.sessionId).log('squat 9/5+');

    expect(await outboxOf(trainee)).toHaveLength(1);
  });

  test('of a manual trigger are its applications, and none when nothing applied', async () => {
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

describe('a personal record', () => {
  /** What the records of the latest event say: repetitions, estimate and the best before. */
  async function records(trainee: Trainee) {
    return (await latestOf(trainee, 'personal_record')).map(({ data }) => [
      data.reps_performed,
      data.estimated_one_rep_max,
      data.previous_estimate,
    ]);
  }

  test('is a set with a higher estimated max than every earlier one of its lift, by Epley', async () => {
    const trainee = await createWith({ squat: '100', bench: '60' });
    await trainee.startSession().log('squat 5/5');
    expect(await records(trainee)).toEqual([]);
    await trainee.startSession().log('squat 5/5 4/5');
    expect(await records(trainee)).toEqual([]);

    await trainee.startSession().log('squat 6/5 6/5 5/5 10/5, bench 8/5');
    expect(await records(trainee)).toEqual([
      [6, '72', '70'],
      [10, '80', '72'],
    ]);
    await trainee.startSession().log('squat 9/5, bench 10/5');
    expect(await records(trainee)).toEqual([[10, '80', '76']]);
  });

  test('names the lift, the set and the session', async () => {
    const trainee = await createWith();
    await trainee.startSession().log('squat 5/5');
    const session = trainee.startSession();
    await session.log('squat 7/5+');

    const [logged] = await latestOf(trainee, 'set_logged');
    expect(await latestOf(trainee, 'personal_record')).toMatchObject([
      {
        data: {
          lift_id: trainee.liftId('squat'),
          session_id: session.sessionId,
          logged_set_id: logged?.data.logged_set_id,
          weight: '60',
          reps_performed: 7,
          estimated_one_rep_max: '74',
          previous_estimate: '70',
        },
      },
    ]);
  });

  test('is never a warm-up nor a set without a repetition, and those do not count as earlier sets', async () => {
    const trainee = await createWith();
    await trainee.startSession().log('squat w20/5 0/5 3/5');
    expect(await records(trainee)).toEqual([]);
    await trainee.startSession().log('squat w20/5 4/5');
    expect(await records(trainee)).toEqual([[4, '68', '66']]);
  });

  test('counts the athlete’s own sets only', async () => {
    const trainee = await createWith();
    await trainee.startSession().log('squat 10/5');
    const teammate = await createTeammate(db.database, trainee.athlete, { squat: '100' });
    const other = traineeWith(trainee, { athlete: teammate });
    await other.startSession().log('squat 4/5');
    await other.startSession().log('squat 5/5');
    expect(await records(trainee)).toEqual([[5, '70', '68']]);
  });

  test('has the estimate to 6 places, and is measured exactly', async () => {
    const trainee = await createWith();
    const sets = [
      { weight: '999999999999.999998', repsPerformed: 29 },
      { weight: '999999999999.999999', repsPerformed: 29 },
    ];
    for (const set of sets) {
      const [notated] = trainee.startSession().setsOf('squat 5/5');
      const request = { userId: trainee.athlete.userId, sessionId: uuidv7() };
      await trainee.client.logSets({ ...request, sets: [{ ...notated, ...set }] });
    }
    expect(await records(trainee)).toEqual([[29, '1966666666666.666665', '1966666666666.666663']]);
  });
});

test('personal records take one statement when sets are logged, and none for sessions', async () => {
  const { athlete } = await createWith({ squat: '100', bench: '60' });
  const watched = openWatchedDatabase(db);
  const { accountId, userId } = athlete;
  const client = createProgressionClient(watched.database, { accountId });
  const looks = () => watched.taken().filter((text) => /order by weight \* \(30 \+/.test(text)).length;
  const sets = Object.values(athlete.liftIds).flatMap((liftId) =>
    [1, 2, 3].map((setNumber) => ({
      ...{ liftId, setNumber, kind: SetKind.WORK, weight: '60', targetReps: 5, repsPerformed: 5 },
    })),
  );
  const sessionId = uuidv7();

  await client.logSets({ userId, sessionId, sets });
  expect(looks()).toBe(1);
  const liftsPerformed = Object.values(athlete.liftIds);
  const session = { sessionId, daySlug: 'a', weekNumber: 1, liftsPerformed };
  await client.handleSessionComplete({ userId, session });
  await client.logSets({ userId, sessionId: uuidv7(), sets: [{ ...sets[0], kind: SetKind.WARM_UP }] });
  expect(looks()).toBe(0);
});

describe('progression_stalled', () => {
  async function stalls(trainee: Trainee) {
    return (await latestOf(trainee, 'progression_stalled')).map(({ data }) => data);
  }

  test('is written for a deload, after the change of the max', async () => {
    const trainee = await createWith();
    const { sessionId: session_id, ...session } = trainee.startSession();
    await session.log('squat 3/5 3/5');

    const max = { lift_id: trainee.liftId('squat'), max_type: 'TRAINING_MAX', session_id };
    expect((await latestFacts(trainee)).map(([type]) => type).slice(-3)).toEqual([
      'progression_applied',
      'lift_max_changed',
      'progression_stalled',
    ]);
    const { programId: program_id, progressionIds } = trainee.athlete;
    const rule = { program_id, progression_id: progressionIds[3], trigger_type: 'ON_FAILURE' };
    expect(await stalls(trainee)).toEqual([{ ...rule, ...max, reason: 'DELOADED', value: '90' }]);
  });

  test('is written for a failure at the last stage, once for an event, and not for a manual trigger', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [stages({ resetOnExhaustion: false })],
    });
    await trainee.startSession().log('squat 3/5 3/5');
    expect(await stalls(trainee)).toEqual([]);
    expect(await latestOf(trainee, 'lift_max_changed')).toEqual([]);

    await trainee.startSession().log('squat 3/5 3/5');
    expect(await stalls(trainee)).toMatchObject([{ reason: 'STAGES_EXHAUSTED', value: '100' }]);
    const told = (await outboxOf(trainee)).length;
    expect(await trainee.ask(0)).toEqual([expect.stringContaining('STAGES_EXHAUSTED')]);
    expect(await outboxOf(trainee)).toHaveLength(told);
  });
});

describe('lift_max_changed', () => {
  test('has the value before, or null, and after', async () => {
    const trainee = await createWith();
    const { userId } = trainee.athlete;
    const max = { userId, liftId: trainee.liftId('squat') };
    const told = { lift_id: max.liftId, source: 'MANUAL' };

    await trainee.client.setLiftMax({ ...max, maxType: MaxType.TRAINING_MAX, value: '120.50' });
    const [changed] = await latestOf(trainee, 'lift_max_changed');
    expect(changed?.data).toEqual({
      ...told,
      ...{ max_type: 'TRAINING_MAX', value: '120.5', version: 2, delta: '20.5' },
    });
    expect(changed?.previous).toEqual({ value: '100', version: 1 });
    await trainee.client.setLiftMax({ ...max, maxType: MaxType.ONE_RM, value: '150' });
    const [first] = await latestOf(trainee, 'lift_max_changed');
    expect(first?.data).toEqual({
      ...told,
      ...{ max_type: 'ONE_RM', value: '150', version: 1, delta: null },
    });
    expect(first?.previous).toEqual({ value: null, version: null });
  });

  test('is not written when the max is set to its value', async () => {
    const trainee = await createWith();
    const { userId } = trainee.athlete;
    const same = { userId, liftId: trainee.liftId('squat'), maxType: MaxType.TRAINING_MAX, value: '100.0' };
    const { liftMax } = await trainee.client.setLiftMax(same);

    expect(liftMax?.version).toBe(2);
    expect(await outboxOf(trainee)).toEqual([]);
  });

  test('is written when an application is reverted', async () => {
    const trainee = await createWith();
    await trainee.startSession().finish('squat');
    const { userId } = trainee.athlete;
    const { logs } = await trainee.client.listProgressionLogs({ userId });
    await trainee.client.revertProgression({ userId, logId: `${logs[0]?.id}`, reason: 'a typo' });

    expect(await latestOf(trainee, 'lift_max_changed')).toMatchObject([
      {
        data: { version: 3, source: 'REVERT', value: '100', delta: '-2.5' },
        previous: { value: '102.5', version: 2 },
      },
    ]);
  });
});

describe('sets that arrive after their session was completed', () => {
  test('are told, and the change of the max that they undo', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [linear({ requireSuccess: true })],
    });
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat');
    await session.log('squat 3/5');

    const facts = (await outboxOf(trainee)).flatMap((row) => row.facts);
    expect(facts.map(({ type }) => type)).toEqual([
      ...['set_logged', 'session_completed', 'progression_applied', 'lift_max_changed'],
      ...['lift_max_changed', 'set_logged', 'set_failed'],
    ]);
    expect(facts[4]?.data).toMatchObject({ source: 'REVERT', value: '100', version: 3 });
  });

  test('tell no second time that the session was completed', async () => {
    const trainee = await createWith({ squat: '100', bench: '60' });
    const session = trainee.startSession();
    await session.finish('squat');
    await session.finish('squat bench');

    expect((await latestFacts(trainee)).map(([type]) => type)).toEqual([
      'progression_applied',
      'lift_max_changed',
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
    await session.finish('');
    expect(await latestFacts(trainee)).toMatchObject([['session_completed', { lifts_performed: [] }]]);
    expect(await outboxOf(trainee)).toHaveLength(1);
  });
});
