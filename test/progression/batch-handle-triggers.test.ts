/** BatchHandleTriggers: many events in one call, each with its own result. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type BatchedTrigger, sendBatch, squatSession } from '../support/batches.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { expectUnchanged } from '../support/expect-unchanged.ts';
import { createTeammate } from '../support/fixtures.ts';
import { callUnder, createProgressionClient } from '../support/progression-client.ts';
import { cycle, deload, linear } from '../support/rule-fixtures.ts';
import { openFaultyDatabase } from '../support/statement-faults.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee, traineeWith } from '../support/trainee.ts';

const db = useTestDatabase();

function createOne(squat = '100'): Promise<Trainee> {
  const rules = [linear(), cycle(), deload({ failureThreshold: 2 })];
  return createTrainee(db.database, { lifts: { squat }, rules });
}

describe('a batch', () => {
  test('handles events of every kind, and answers each of them, in order', async () => {
    const trainee = await createOne();
    const { userId, progressionIds } = trainee.athlete;
    const session = trainee.startSession();
    const kinds: BatchedTrigger['event'][] = [
      {
        case: 'logSets',
        value: { userId, sessionId: session.sessionId, sets: session.setsOf('squat 4/5 4/5') },
      },
      squatSession(trainee, session.sessionId).event,
      { case: 'weekAdvance', value: { userId, week: { previousWeek: 1, newWeek: 1, cycleIteration: 1 } } },
      { case: 'cycleComplete', value: { userId, cycle: { completedCycle: 1, newCycle: 2, totalWeeks: 1 } } },
      {
        case: 'triggerProgression',
        value: { userId, progressionId: `${progressionIds[0]}`, reason: 'why not' },
      },
    ];

    const answer = await sendBatch(
      trainee,
      kinds.map((event) => ({ requestId: uuidv7(), event })),
    );

    expect(answer.results.map(({ result }) => result.case)).toEqual(kinds.map((kind) => kind?.case));
    expect(answer.lines).toEqual([
      'deload squat FAILURE_THRESHOLD_NOT_MET',
      'deload squat 100 → 90',
      'linear squat SUPERSEDED_BY_DELOAD',
      'cycle squat 90 → 95',
      'linear squat 95 → 97.5',
    ]);
    expect(answer).toMatchObject({ totalSucceeded: 5, totalFailed: 0 });
  });

  test('applies the events of one athlete in the order given, each once', async () => {
    const trainee = await createOne();

    const { lines } = await sendBatch(
      trainee,
      Array.from({ length: 20 }, () => squatSession(trainee)),
    );

    expect(lines).toEqual(
      Array.from({ length: 20 }, (_, index) => {
        return `linear squat ${100 + 2.5 * index} → ${100 + 2.5 * (index + 1)}`;
      }),
    );
  });

  test('of 500 events of many athletes is one call', async () => {
    const first = await createOne();
    const team = [first];
    while (team.length < 125) {
      const athlete = await createTeammate(db.database, first.athlete, { squat: '100' });
      team.push(traineeWith(first, { athlete }));
    }

    const { totalSucceeded } = await sendBatch(
      first,
      Array.from({ length: 500 }, (_, index) => squatSession(team[index % 125] ?? first)),
    );

    expect(totalSucceeded).toBe(500);
    for (const trainee of [first, team[60], team[124]]) {
      expect(await trainee?.max('squat')).toBe('110');
    }
  });

  test('takes 1 to 500 events', async () => {
    const trainee = await createOne();
    const triggers = Array.from({ length: 501 }, () => squatSession(trainee));

    await expectUnchanged(db.database, async () => {
      for (const size of [0, 501]) {
        await expectRefusal(
          trainee.client.batchHandleTriggers({ triggers: triggers.slice(0, size) }),
          'VALIDATION_FAILED',
          ['triggers'],
        );
      }
    });
  });

  test('applies validate_only per event', async () => {
    const trainee = await createOne();
    const asked = squatSession(trainee);
    if (asked.event?.case === 'sessionComplete') {
      asked.event.value.validateOnly = true;
    }

    const { lines } = await expectUnchanged(db.database, () => sendBatch(trainee, [asked, asked]));

    expect(lines).toEqual(['linear squat 100 → 102.5', 'linear squat 100 → 102.5']);
  });
});

describe('an event that is refused and may be retried', () => {
  test.each([1, 128])(
    'causes the refusal of the later events of its athlete only, with %i events in flight',
    async (batchedEvents) => {
      const faulty = openFaultyDatabase(db);
      onTestFinished(() => faulty.close());
      const trainee = await createOne();
      const { accountId, userId } = trainee.athlete;
      const mate = await createTeammate(db.database, trainee.athlete, { squat: '60' });
      await faulty.database.ensureAccount(accountId);
      const limits = { batchedEvents, transactionTries: 1, concurrentRetries: 1 };
      const client = createProgressionClient(faulty.database, { accountId, limits });
      const sender = traineeWith(trainee, { client });
      const loud = traineeWith(trainee, { athlete: { ...trainee.athlete, userId: userId.toUpperCase() } });
      const triggers = [trainee, traineeWith(trainee, { athlete: mate }), loud, trainee].map((each) =>
        squatSession(each),
      );

      // The transaction of the group, and then that of its first event.
      faulty.arm({ how: 'refuse', sqlState: '40001', statement: 3, times: 2 });
      const first = await sendBatch(sender, triggers);
      faulty.disarm();

      const refusal = first.results[0]?.result;
      expect(refusal).toMatchObject({
        case: 'error',
        value: { reason: 'CONCURRENT_UPDATE', retryable: true },
      });
      expect(first.results.map(({ result }) => result)).toEqual([
        refusal,
        expect.objectContaining({ case: 'sessionComplete' }),
        refusal,
        refusal,
      ]);
      const second = await sendBatch(sender, triggers);
      expect(second.lines).toEqual([
        'linear squat 100 → 102.5',
        'linear squat 60 → 62.5',
        'linear squat 102.5 → 105',
        'linear squat 105 → 107.5',
      ]);
      expect(second.results.map(({ replayed }) => replayed)).toEqual([false, true, false, false]);
    },
  );
});

describe('request IDs', () => {
  test('of a batch and of single calls share one key space', async () => {
    const trainee = await createOne();
    const [single, batched] = [squatSession(trainee), squatSession(trainee)];
    const call = (trigger: BatchedTrigger) =>
      callUnder(`${trigger.requestId}`, (options) =>
        trainee.client.handleSessionComplete(
          trigger.event?.case === 'sessionComplete' ? trigger.event.value : {},
          options,
        ),
      );
    const first = await call(single);

    const { results } = await sendBatch(trainee, [single, batched]);

    expect(results.map(({ replayed }) => replayed)).toEqual([true, false]);
    expect(results[0]?.result.value).toEqual(first.answer);
    expect(await call(batched)).toEqual({ answer: results[1]?.result.value, isReplayed: true });
  });

  test('that come twice in a batch are handled once', async () => {
    const trainee = await createOne();
    const twice = squatSession(trainee);
    const loud = { ...twice, requestId: `${twice.requestId}`.toUpperCase() };

    const { results } = await sendBatch(trainee, [twice, squatSession(trainee), twice, loud]);

    expect(results.map(({ replayed }) => replayed)).toEqual([false, false, true, true]);
    expect(results[2]?.result).toEqual(results[0]?.result);
    expect(await trainee.max('squat')).toBe('105');
  });

  test('that come twice with events of two athletes are handled for one of them', async () => {
    const trainee = await createOne();
    const athlete = await createTeammate(db.database, trainee.athlete, { squat: '100' });
    const mate = traineeWith(trainee, { athlete });
    const requestId = uuidv7();

    const { lines } = await sendBatch(trainee, [
      squatSession(trainee, uuidv7(), requestId),
      squatSession(mate, uuidv7(), requestId),
    ]);

    expect(lines.toSorted()).toEqual(['REQUEST_ID_REUSED', 'linear squat 100 → 102.5']);
    const maxes = [await trainee.max('squat'), await mate.max('squat')];
    expect(maxes.toSorted()).toEqual(['100', '102.5']);
    const { rows } = await db.database.transaction(trainee.athlete.accountId, (tx) =>
      sql`select from requests where request_id = ${requestId}`.execute(tx.sql),
    );
    expect(rows).toHaveLength(1);
  });
});
