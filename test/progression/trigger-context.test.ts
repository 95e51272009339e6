/** What is stored of a trigger with each application: the fields of its type, and no others. */
import { expect, test } from 'vitest';
import { amrap, cycle, deload, linear } from '../support/rule-fixtures.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

interface LogRow {
  readonly trigger_type: string;
  readonly trigger_context: Record<string, unknown>;
}

async function contextsAfter(happen: (trainee: Awaited<ReturnType<typeof create>>) => Promise<unknown>) {
  const trainee = await create();
  await happen(trainee);
  const rows = await rowsOf<LogRow>(db.database, trainee.athlete.accountId, 'progression_logs');
  return rows.map(({ trigger_type, trigger_context }) => ({ [trigger_type]: trigger_context }));
}

const create = () =>
  createTrainee(db.database, {
    lifts: { squat: '100' },
    rules: [
      linear(),
      linear({ triggerType: 'AFTER_WEEK' }),
      cycle(),
      amrap(),
      deload({ failureThreshold: 2 }),
      deload({ failureThreshold: 1, countBy: 'SESSION', maxType: 'ONE_RM' }),
    ],
  });

test('the context of AFTER_SESSION has the session, the day and the week', async () => {
  let sessionId = '';
  const contexts = await contextsAfter(async ({ startSession }) => {
    const session = startSession();
    ({ sessionId } = session);
    await session.finish('squat', { week: 3, day: 'heavy-day' });
  });

  expect(contexts).toEqual([{ AFTER_SESSION: { sessionId, daySlug: 'heavy-day', weekNumber: 3 } }]);
});

test('the context of AFTER_WEEK has the week that ended and its cycle', async () => {
  const contexts = await contextsAfter(({ advanceWeek }) => advanceWeek(4, { newWeek: 1, cycle: 2 }));

  expect(contexts).toEqual([{ AFTER_WEEK: { weekNumber: 4, cycleIteration: 2 } }]);
});

test('the context of AFTER_CYCLE has the cycle that was completed and its length', async () => {
  const contexts = await contextsAfter(({ completeCycle }) => completeCycle(2, 4));

  expect(contexts).toEqual([{ AFTER_CYCLE: { cycleIteration: 2, totalWeeks: 4 } }]);
});

test('the context of AFTER_SET has the set', async () => {
  let set: object = {};
  const contexts = await contextsAfter(async ({ startSession, client, athlete }) => {
    const { sessionId, setsOf } = startSession();
    const { sets } = await client.logSets({ userId: athlete.userId, sessionId, sets: setsOf('squat 9/5+') });
    set = { sessionId, loggedSetId: sets[0]?.id, setNumber: 1 };
  });

  expect(contexts).toEqual([{ AFTER_SET: { ...set, targetReps: 5, repsPerformed: 9 } }]);
});

test('the context of ON_FAILURE has the set that failed last and the number of failures, that one included', async () => {
  let loggedSetId: string | undefined;
  const contexts = await contextsAfter(async ({ startSession, client, athlete, liftId }) => {
    const session = startSession();
    const { userId } = athlete;
    await client.setLiftMax({ userId, liftId: liftId('squat'), maxType: 1, value: '120' });
    const { sessionId } = session;
    const { sets } = await client.logSets({ userId, sessionId, sets: session.setsOf('squat 3/5 4/6') });
    loggedSetId = sets[1]?.id;
    await session.finish('squat');
  });

  const set = { loggedSetId, targetReps: 6, repsPerformed: 4 };
  expect(contexts).toEqual([
    { ON_FAILURE: { ...set, consecutiveFailures: 2 } },
    { ON_FAILURE: { ...set, consecutiveFailures: 1 } },
  ]);
});

test('the context of MANUAL has the actor, the reason and whether it was forced', async () => {
  const contexts = await contextsAfter(async ({ ask }) => {
    await ask(0, { reason: 'looked easy' });
    await ask(0, { reason: 'really', force: true });
  });

  expect(contexts).toEqual([
    { MANUAL: { manual: true, forced: false, reason: 'looked easy', actor: TEST_ACTOR } },
    { MANUAL: { manual: true, forced: true, reason: 'really', actor: TEST_ACTOR } },
  ]);
});
