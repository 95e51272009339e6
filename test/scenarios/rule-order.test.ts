/** Which rules apply to which lifts, and in what order. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { expectRefusal } from '../support/catalog-client.ts';
import { linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee, traineeWith } from '../support/trainee.ts';

const db = useTestDatabase();

const BY_AMOUNT = { increment: '10' };
const BY_PERCENT = { incrementPercent: '0.1' };

describe('two rules on one lift', () => {
  test.each([
    ['with priorities 1 and 2', [1, 2], ['amount squat 100 → 110', 'percent squat 110 → 121']],
    ['with priorities 2 and 1', [2, 1], ['percent squat 100 → 110', 'amount squat 110 → 120']],
    ['with equal priorities, in row order,', [1, 1], ['amount squat 100 → 110', 'percent squat 110 → 121']],
  ])(
    '%s apply in sequence, the second on the result of the first (%j)',
    async (_, [amount, percent], lines) => {
      const trainee = await createTrainee(
        db.database,
        {
          lifts: { squat: '100' },
          rules: [linear(BY_AMOUNT, { priority: amount }), linear(BY_PERCENT, { priority: percent })],
        },
        { ruleNames: ['amount', 'percent'] },
      );

      expect(await trainee.startSession().finish('squat')).toEqual(lines);

      const { userId } = trainee.athlete;
      const { liftMaxes } = await trainee.client.listLiftMaxVersions({
        userId,
        liftId: trainee.liftId('squat'),
        maxType: 2,
      });
      expect(liftMaxes.map(({ version }) => version)).toEqual([3, 2, 1]);
      const { logs } = await trainee.client.listProgressionLogs({ userId });
      expect(logs.map(({ liftMaxVersion }) => liftMaxVersion)).toEqual([3, 2]);
    },
  );
});

describe('a rule of the program', () => {
  const lifts = { squat: '100', bench: '60', row: '50' };

  test('applies to every lift without its own rule for the trigger and max type', async () => {
    const trainee = await createTrainee(
      db.database,
      {
        lifts,
        rules: [
          linear(),
          linear({ increment: '1' }, { liftSlug: 'bench' }),
          linear({ triggerType: 'AFTER_WEEK', increment: '4' }, { liftSlug: 'squat' }),
          linear({ maxType: 'ONE_RM' }, { liftSlug: 'row' }),
        ],
      },
      { ruleNames: ['all', 'own', 'weekly', 'other'] },
    );

    expect(await trainee.startSession().finish('squat bench row')).toEqual([
      'all squat 100 → 102.5',
      'all row 50 → 52.5',
      'own bench 60 → 61',
      'other row NO_CURRENT_MAX',
    ]);
  });

  test('does not apply to a lift whose own rule is disabled', async () => {
    const trainee = await createTrainee(
      db.database,
      { lifts, rules: [linear(), linear({}, { liftSlug: 'bench', enabled: false })] },
      { ruleNames: ['all', 'own'] },
    );

    expect(await trainee.startSession().finish('squat bench')).toEqual([
      'all squat 100 → 102.5',
      'all row LIFT_NOT_PERFORMED',
      'own bench DISABLED',
    ]);
  });

  test('can have an increment override in the program', async () => {
    const rules = [linear({}, { overrideIncrement: '1.25' })];
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules });

    expect(await trainee.startSession().finish('squat')).toEqual(['linear squat 100 → 101.25']);
  });
});

describe('a change of the program', () => {
  function change({ athlete }: Trainee, statement: ReturnType<typeof sql>) {
    const { accountId, programId } = athlete;
    return db.database.transaction(accountId, async (tx) => {
      await statement.execute(tx.sql);
      await sql`update programs set revision = revision + 1 where id = ${programId}`.execute(tx.sql);
    });
  }

  test('applies from the next event', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
    const { programId, progressionIds } = trainee.athlete;
    await trainee.startSession().finish('squat');

    await change(
      trainee,
      sql`update program_progressions set enabled = false where program_id = ${programId}`,
    );
    expect(await trainee.startSession().finish('squat')).toEqual(['linear squat DISABLED']);
    await change(
      trainee,
      sql`update program_progressions set enabled = true where program_id = ${programId}`,
    );
    await change(
      trainee,
      sql`update progressions set parameters = parameters || '{"increment": "7"}' where id = ${progressionIds[0]}`,
    );
    expect(await trainee.startSession().finish('squat')).toEqual(['linear squat 102.5 → 109.5']);
  });

  test('applies also when more programs are in use than the cache holds', async () => {
    const options = { limits: { keptPrograms: 1 } };
    const fixture = { lifts: { squat: '100' }, rules: [linear()] };
    const first = await createTrainee(db.database, fixture, options);
    const { accountId } = first.athlete;
    const second = await createTrainee(db.database, { ...fixture, accountId, rules: [linear(BY_AMOUNT)] });
    const other = traineeWith(second, { client: first.client });

    for (const [own, others] of [
      ['100 → 102.5', '100 → 110'],
      ['102.5 → 105', '110 → 120'],
    ]) {
      expect(await first.startSession().finish('squat')).toEqual([`linear squat ${own}`]);
      expect(await other.startSession().finish('squat')).toEqual([`linear squat ${others}`]);
    }
  });

  test('that makes a rule unreadable fails events until it is repaired', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
    const { progressionIds } = trainee.athlete;
    await trainee.startSession().finish('squat');
    const setTo = (type: string) =>
      change(trainee, sql`update progressions set type = ${type} where id = ${progressionIds[0]}`);

    await setTo('MAGIC_PROGRESSION');
    const session = trainee.startSession();
    await expectRefusal(session.finish('squat'), 'PROGRESSION_INVALID');
    await setTo('LINEAR_PROGRESSION');

    expect(await session.finish('squat')).toEqual(['linear squat 102.5 → 105']);
  });
});
