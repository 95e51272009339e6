/** ListProgressionLogs: the log of an athlete, filtered and page by page. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { MaxType, ProgressionType, TriggerType } from '../../src/gen/progression/v1/common_pb.ts';
import type { ListProgressionLogsRequestSchema } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { type Instant, instantFromText, instantToTimestamp } from '../../src/values/instant.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { amrap, cycle, deload, linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();

const START = instantFromText('2026-01-01T00:00:00.000000Z');
const dayAt = (day: number): Instant => START + BigInt(day) * 86_400_000_000n;

/** Two lifts over six days; one event a day. */
async function createHistory(): Promise<Trainee> {
  const trainee = await createTrainee(db.database, {
    lifts: { squat: '100', bench: '60' },
    rules: [linear(), cycle(), amrap(), deload()],
  });
  await trainee.startSession().finish('squat bench', { at: dayAt(1) });
  await trainee.startSession().log('squat 9/5+', { at: dayAt(2) });
  await trainee.completeCycle(1, 4, { at: dayAt(3) });
  await trainee.startSession().log('bench 4/5', { at: dayAt(4) });
  await trainee.startSession().finish('squat', { at: dayAt(5) });
  return trainee;
}

type Filter = MessageInitShape<typeof ListProgressionLogsRequestSchema>;

/** `day rule lift`, in the order of the answer. */
async function listed({ client, athlete }: Trainee, filter: Filter): Promise<string[]> {
  const { logs, totalSize } = await client.listProgressionLogs({
    ...{ userId: athlete.userId, includeTotalSize: true },
    ...filter,
  });
  expect(totalSize).toBe(logs.length);
  return logs.map(({ appliedAt, progressionName, liftName }) => {
    const day = (BigInt(appliedAt?.seconds ?? 0) * 1_000_000n - START) / 86_400_000_000n;
    return `${day} ${progressionName.split('_')[0]} ${liftName}`;
  });
}

describe('the log', () => {
  test('has for each application the rule, the time and the reason, with names', async () => {
    const trainee = await createHistory();
    const { client, athlete, liftId } = trainee;
    const { logs } = await client.listProgressionLogs({ userId: athlete.userId, pageSize: 1 });

    expect(logs).toMatchObject([
      {
        userId: athlete.userId,
        progressionId: athlete.progressionIds[0],
        progressionName: 'LINEAR_PROGRESSION 1',
        progressionType: ProgressionType.LINEAR_PROGRESSION,
        liftId: liftId('squat'),
        liftName: 'squat',
        maxType: MaxType.TRAINING_MAX,
        previousValue: '112.5',
        newValue: '115',
        delta: '2.5',
        triggerType: TriggerType.AFTER_SESSION,
        appliedAt: instantToTimestamp(dayAt(5)),
        liftMaxVersion: 5,
        revertedByLogId: '',
      },
    ]);
    expect(logs[0]?.recordedAt?.seconds).toBeGreaterThan(instantToTimestamp(dayAt(5)).seconds);
  });

  test('is listed newest first, and narrowed by each filter alone and by all together', async () => {
    const trainee = await createHistory();
    const squat = { liftId: trainee.liftId('squat') };
    const afterSession = { triggerType: TriggerType.AFTER_SESSION };
    const linearOnes = { progressionType: ProgressionType.LINEAR_PROGRESSION };
    const fromDay2 = { startTime: instantToTimestamp(dayAt(2)) };
    const toDay4 = { endTime: instantToTimestamp(dayAt(4)) };

    expect(await listed(trainee, {})).toEqual([
      '5 LINEAR squat',
      '4 DELOAD bench',
      ...['3 CYCLE bench', '3 CYCLE squat'],
      '2 AMRAP squat',
      ...['1 LINEAR bench', '1 LINEAR squat'],
    ]);
    expect(await listed(trainee, squat)).toEqual([
      '5 LINEAR squat',
      '3 CYCLE squat',
      '2 AMRAP squat',
      '1 LINEAR squat',
    ]);
    expect(await listed(trainee, afterSession)).toEqual([
      '5 LINEAR squat',
      '1 LINEAR bench',
      '1 LINEAR squat',
    ]);
    expect(await listed(trainee, linearOnes)).toEqual(await listed(trainee, afterSession));
    expect(await listed(trainee, { triggerType: TriggerType.ON_FAILURE })).toEqual(['4 DELOAD bench']);
    expect(await listed(trainee, { triggerType: TriggerType.AFTER_WEEK })).toEqual([]);
    expect(await listed(trainee, fromDay2)).toEqual((await listed(trainee, {})).slice(0, 5));
    expect(await listed(trainee, toDay4)).toEqual((await listed(trainee, {})).slice(2));
    expect(await listed(trainee, { ...fromDay2, ...toDay4, ...squat })).toEqual([
      '3 CYCLE squat',
      '2 AMRAP squat',
    ]);
    expect(await listed(trainee, { ...squat, ...afterSession, ...linearOnes, ...fromDay2 })).toEqual([
      '5 LINEAR squat',
    ]);
    expect(await listed(trainee, { ...toDay4, startTime: toDay4.endTime })).toEqual([]);
  });

  test('of an athlete without applications, or of an unknown lift, is empty', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' } });

    expect(await listed(trainee, {})).toEqual([]);
    expect(await listed(trainee, { liftId: trainee.athlete.programId })).toEqual([]);
  });
});

describe('page by page', () => {
  test('every row comes once with any page size, while new rows are added', async () => {
    const trainee = await createHistory();
    const { client, athlete } = trainee;
    const { userId } = athlete;
    for (const pageSize of [1, 2, 3, 4, 7, 8, 500]) {
      const { logs: all } = await client.listProgressionLogs({ userId });
      const seen: string[] = [];
      let pageToken = '';
      do {
        const page = await client.listProgressionLogs({
          ...{ userId, pageSize, pageToken },
          includeTotalSize: true,
        });
        seen.push(...page.logs.map(({ id }) => id));
        expect(page.totalSize).toBeGreaterThanOrEqual(all.length);
        pageToken = page.nextPageToken;
        await trainee.startSession().finish('squat');
      } while (pageToken);

      expect(seen).toEqual(all.map(({ id }) => id));
    }
  });

  test('rows of one instant have one order', async () => {
    const trainee = await createHistory();
    const { client, athlete } = trainee;
    const { userId } = athlete;
    const day3 = { startTime: instantToTimestamp(dayAt(3)), endTime: instantToTimestamp(dayAt(3) + 1n) };

    const first = await client.listProgressionLogs({ userId, ...day3, pageSize: 1 });
    const { nextPageToken: pageToken } = first;
    const second = await client.listProgressionLogs({ userId, ...day3, pageSize: 1, pageToken });

    expect([...first.logs, ...second.logs].map(({ liftName }) => liftName)).toEqual(['bench', 'squat']);
    expect(second.nextPageToken).toBe('');
  });

  test('a page has 50 rows by default, and 500 at most', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [deload({ roundTo: undefined })],
    });
    const { client, athlete, startSession } = trainee;
    const { userId } = athlete;
    await startSession().log(`squat ${Array(60).fill('4/5').join(' ')}`);

    const { logs, totalSize } = await client.listProgressionLogs({ userId, includeTotalSize: true });
    expect([logs.length, totalSize]).toEqual([50, 60]);
    await expectRefusal(client.listProgressionLogs({ userId, pageSize: 501 }), 'VALIDATION_FAILED', [
      'page_size',
    ]);
    await expectRefusal(client.listProgressionLogs({ userId, pageSize: -1 }), 'VALIDATION_FAILED', [
      'page_size',
    ]);
  });

  test('a token belongs to its athlete and its filter', async () => {
    const trainee = await createHistory();
    const other = await createHistory();
    const { client, athlete, liftId } = trainee;
    const { userId } = athlete;
    const { nextPageToken: pageToken } = await client.listProgressionLogs({ userId, pageSize: 1 });

    for (const filter of [
      { liftId: liftId('squat') },
      { triggerType: TriggerType.AFTER_SESSION },
      { progressionType: ProgressionType.LINEAR_PROGRESSION },
      { startTime: instantToTimestamp(START) },
      { endTime: instantToTimestamp(dayAt(9)) },
    ]) {
      await expectRefusal(client.listProgressionLogs({ userId, pageToken, ...filter }), 'PAGE_TOKEN_INVALID');
    }
    await expectRefusal(
      other.client.listProgressionLogs({ userId: other.athlete.userId, pageToken }),
      'PAGE_TOKEN_INVALID',
    );
    await expectRefusal(
      client.listProgressionLogs({ userId, pageToken: `${pageToken}x` }),
      'PAGE_TOKEN_INVALID',
    );
  });

  test('the page size may change from page to page', async () => {
    const trainee = await createHistory();
    const { userId } = trainee.athlete;
    const { nextPageToken: pageToken } = await trainee.client.listProgressionLogs({ userId, pageSize: 1 });

    const { logs } = await trainee.client.listProgressionLogs({ userId, pageSize: 100, pageToken });

    expect(logs).toHaveLength(6);
  });
});
