/** A failing event of a batch does not affect the other events of the same transaction. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { type BatchedTrigger, sendBatch, squatSession } from '../support/batches.ts';
import { linear } from '../support/rule-fixtures.ts';
import { dumpTables, rowsAdded } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

describe('a failing event of a batch', () => {
  test('gets its own error, and the other events are applied', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
    const { userId, accountId } = trainee.athlete;
    const options = { accountId, lifts: { squat: '999999999999' }, rules: [linear()] };
    const overflowing = await createTrainee(db.database, options);
    const unreadable = await createTrainee(db.database, {
      accountId,
      lifts: { squat: '100' },
      rules: [{ type: 'LINEAR_PROGRESSION', parameters: {} }],
    });
    const notEnrolled = await createTrainee(db.database, { ...options, enrolled: false });
    const other = await createTrainee(db.database, { ...options, lifts: { squat: '80' } });
    const unknown = { ...trainee, athlete: { ...trainee.athlete, userId: uuidv7() } };
    const future = {
      case: 'weekAdvance',
      value: { userId, week: { previousWeek: 1, newWeek: 3, cycleIteration: 1 } },
    };
    const before = await dumpTables(db.database);

    const answer = await sendBatch(trainee, [
      squatSession(trainee),
      squatSession(overflowing),
      squatSession(unreadable),
      squatSession(notEnrolled),
      squatSession(unknown),
      { ...squatSession(trainee), requestId: 'none' },
      { requestId: uuidv7(), event: future as BatchedTrigger['event'] },
      { requestId: uuidv7() },
      squatSession(other),
    ]);

    const reasons = answer.results.map(({ result }) => (result.case === 'error' ? result.value.reason : ''));
    expect(reasons).toEqual([
      '',
      'VALUE_OUT_OF_RANGE',
      'PROGRESSION_INVALID',
      'NOT_ENROLLED',
      'USER_NOT_FOUND',
      ...Array(3).fill('VALIDATION_FAILED'),
      '',
    ]);
    expect(answer).toMatchObject({ totalSucceeded: 2, totalFailed: 7 });
    expect(rowsAdded(before, await dumpTables(db.database))).toEqual({
      lift_maxes: 2,
      outbox: 2,
      progression_logs: 2,
      requests: 2,
    });
  });

  test('gets the code, fields and retryability of the single method', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
    const wrong = squatSession(trainee, 'none');

    const { results } = await sendBatch(trainee, [wrong]);

    expect(results[0]?.result).toMatchObject({
      case: 'error',
      value: {
        code: 3,
        retryable: false,
        fieldViolations: [{ field: 'session_complete.session.session_id' }],
      },
    });
  });
});
