/** validate_only: the full answer, and nothing is stored. */
import type { CallOptions } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { expectRefusal, WITHOUT_REQUEST_ID } from '../support/catalog-client.ts';
import { expectUnchanged } from '../support/expect-unchanged.ts';
import { callUnder, createProgressionClient } from '../support/progression-client.ts';
import { amrap, cycle, deload, linear, stages } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type EventOptions, type Trainee, traineeWith } from '../support/trainee.ts';

const db = useTestDatabase();

const [SESSION_ID, NEXT_SESSION_ID] = [uuidv7(), uuidv7()];

/** Every trigger that can be asked for what it would do, after a first session. */
const TRIGGERS: [string, (trainee: Trainee, options: EventOptions) => Promise<string[]>, string[]][] = [
  [
    'HandleSessionComplete',
    (trainee, options) => trainee.startSession(SESSION_ID).finish('squat bench', options),
    ['linear squat 100 → 102.5', 'linear bench 60 → 62.5', 'deload squat FAILURE_THRESHOLD_NOT_MET'],
  ],
  [
    'HandleWeekAdvance',
    (trainee, options) => trainee.advanceWeek(1, options),
    ['weekly squat 100 → 101', 'weekly bench 60 → 61'],
  ],
  [
    'HandleCycleComplete',
    (trainee, options) => trainee.completeCycle(1, 1, options),
    ['cycle squat 100 → 105', 'cycle bench 60 → 65'],
  ],
  [
    'LogSets',
    (trainee, options) => trainee.startSession(NEXT_SESSION_ID).log('squat 9/5+, bench 3/5', options),
    ['amrap squat 100 → 105', 'amrap bench NOT_AMRAP', 'stage bench 60 → 60 stage 1'],
  ],
];

async function createPrepared(): Promise<Trainee> {
  const trainee = await createTrainee(
    db.database,
    {
      lifts: { squat: '100', bench: '60' },
      rules: [
        linear(),
        linear({ triggerType: 'AFTER_WEEK', increment: '1' }),
        cycle(),
        amrap(),
        deload({ countBy: 'SESSION', failureThreshold: 2 }),
        stages({}, { liftSlug: 'bench' }),
      ],
    },
    { ruleNames: ['linear', 'weekly', 'cycle', 'amrap', 'deload', 'stage'] },
  );
  await trainee.startSession(SESSION_ID).log('squat 4/5');
  return trainee;
}

describe.each(TRIGGERS)('%s', (_, trigger, lines) => {
  test('is answered with what would happen, stores nothing, and needs no request ID', async () => {
    const trainee = await createPrepared();
    const options = { validateOnly: true, call: WITHOUT_REQUEST_ID };

    expect(await expectUnchanged(db.database, () => trigger(trainee, options))).toEqual(lines);
    expect(await expectUnchanged(db.database, () => trigger(trainee, options))).toEqual(lines);
  });

  test('happens afterwards as without validate_only, also under the same request ID', async () => {
    const trainee = await createPrepared();
    const id = uuidv7();
    const call = (validateOnly: boolean) =>
      callUnder(id, (options: CallOptions) => trigger(trainee, { validateOnly, call: options }));

    expect(await call(true)).toEqual({ answer: lines, isReplayed: false });
    expect(await call(false)).toEqual({ answer: lines, isReplayed: false });
    expect(await expectUnchanged(db.database, () => call(false))).toEqual({
      answer: lines,
      isReplayed: true,
    });
  });

  test('is answered for an event that happened already with no application', async () => {
    const trainee = await createPrepared();
    await trigger(trainee, {});

    const told = await expectUnchanged(db.database, () => trigger(trainee, { validateOnly: true }));

    const applied = lines.filter((line) => line.includes('→'));
    expect(told.filter((line) => line.includes('ALREADY_APPLIED'))).toHaveLength(applied.length);
    expect(told.filter((line) => line.includes('→'))).toEqual([]);
  });
});

describe('an event that would be refused', () => {
  test('is refused for the same reason', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '999999999999' }, rules: [linear()] });
    const stranger = await createPrepared();
    const client = createProgressionClient(db.database, { accountId: stranger.athlete.accountId });
    const foreigner = traineeWith(trainee, { client });
    const validateOnly = true;

    await expectUnchanged(db.database, async () => {
      await expectRefusal(trainee.startSession().finish('squat', { validateOnly }), 'VALUE_OUT_OF_RANGE');
      await expectRefusal(foreigner.startSession().finish('squat', { validateOnly }), 'USER_NOT_FOUND');
      await expectRefusal(trainee.advanceWeek(1, { newWeek: 9, validateOnly }), 'VALIDATION_FAILED');
    });
  });
});

describe('a manual trigger', () => {
  test('has no validate_only: it needs a request ID', async () => {
    const trainee = await createPrepared();

    await expectRefusal(trainee.ask(0, { call: WITHOUT_REQUEST_ID }), 'REQUEST_ID_REQUIRED');
  });
});
