/** ListNextOccurrences: when a time trigger fires for an athlete, with zones and changes of the clocks. */
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { enumName } from '../../../src/calls/enum-name.ts';
import { OccurrenceShiftSchema } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { instantFromText } from '../../../src/values/instant.ts';
import {
  type AutomationClient,
  createAutomationClient,
  createWorkflow,
  type TriggerInit,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
const clientAt = (now: string) => createAutomationClient(db.database, { clock: () => instantFromText(now) });

const recurring = (cron: string): TriggerInit => ({
  triggerEvent: 'recurring_schedule',
  settings: {
    policy: 3,
    time: {
      schedule: {
        case: 'recurringSchedule',
        value: { timeZone: 'Europe/Berlin', recurrence: { case: 'cron', value: cron } },
      },
    },
  },
});
const birthday = (at: string): TriggerInit => ({
  triggerEvent: 'birthday',
  settings: { policy: 3, time: { schedule: { case: 'birthday', value: { at } } } },
});

async function addAthlete(
  { users }: AutomationClient,
  profile: { birthDate?: string; timeZone?: string } = {},
) {
  return present((await users.createUser({ name: 'Ana', ...profile })).user).id;
}

async function listOf(client: AutomationClient, trigger: TriggerInit, userId: string) {
  const { trigger: made } = await createWorkflow(client, { trigger });
  const triggerId = present(made).id;
  const { occurrences } = await client.triggers.listNextOccurrences({ triggerId, userId });
  return occurrences.map(({ occursAt, localTime, timeZone, shift }) => [
    timestampDate(present(occursAt)).toISOString().slice(0, 16),
    localTime,
    timeZone,
    enumName(OccurrenceShiftSchema, shift),
  ]);
}

test('a daily schedule names its gap, and its first of two', async () => {
  const spring = clientAt('2026-03-28T12:00:00Z');
  const userId = await addAthlete(spring);
  const listed = await listOf(spring, recurring('30 2 * * *'), userId);
  expect(listed).toHaveLength(10);
  expect(listed.slice(0, 2)).toEqual([
    ['2026-03-29T01:30', '2026-03-29T03:30', 'Europe/Berlin', 'GAP'],
    ['2026-03-30T00:30', '2026-03-30T02:30', 'Europe/Berlin', 'NONE'],
  ]);
  const autumn = clientAt('2026-10-24T12:00:00Z');
  expect((await listOf(autumn, recurring('30 2 * * *'), await addAthlete(autumn))).slice(0, 2)).toEqual([
    ['2026-10-25T00:30', '2026-10-25T02:30', 'Europe/Berlin', 'FIRST_OF_TWO'],
    ['2026-10-26T01:30', '2026-10-26T02:30', 'Europe/Berlin', 'NONE'],
  ]);
});

test('an interval goes on through the hour that clocks show twice', async () => {
  const client = clientAt('2026-10-25T00:20:00Z');
  const listed = await listOf(client, recurring('*/15 * * * *'), await addAthlete(client));

  expect(listed.slice(0, 6).map(([at, local, , shift]) => [at, local, shift])).toEqual([
    ['2026-10-25T00:30', '2026-10-25T02:30', 'FIRST_OF_TWO'],
    ['2026-10-25T00:45', '2026-10-25T02:45', 'FIRST_OF_TWO'],
    ['2026-10-25T01:00', '2026-10-25T02:00', 'SECOND_OF_TWO'],
    ['2026-10-25T01:15', '2026-10-25T02:15', 'SECOND_OF_TWO'],
    ['2026-10-25T01:30', '2026-10-25T02:30', 'SECOND_OF_TWO'],
    ['2026-10-25T01:45', '2026-10-25T02:45', 'SECOND_OF_TWO'],
  ]);
});

test('dates of an athlete are in the athlete’s zone, else the account’s', async () => {
  const client = clientAt('2026-01-01T00:00:00Z');
  await client.users.updateAccount({ timeZone: 'Asia/Tokyo' });
  const berliner = await addAthlete(client, { birthDate: '1990-03-29', timeZone: 'Europe/Berlin' });
  const other = await addAthlete(client, { birthDate: '1990-03-29' });

  expect((await listOf(client, birthday('02:30'), berliner)).slice(0, 2)).toEqual([
    ['2026-03-29T01:30', '2026-03-29T03:30', 'Europe/Berlin', 'GAP'],
    ['2027-03-29T00:30', '2027-03-29T02:30', 'Europe/Berlin', 'NONE'],
  ]);
  expect((await listOf(client, birthday('02:30'), other))[0]).toEqual([
    ...['2026-03-28T17:30', '2026-03-29T02:30', 'Asia/Tokyo', 'NONE'],
  ]);
});

test('an athlete without the date has none, and other triggers and athletes are refused', async () => {
  const client = clientAt('2026-01-01T00:00:00Z');
  const userId = await addAthlete(client);
  expect(await listOf(client, birthday('09:00'), userId)).toEqual([]);

  await expectRefusal(listOf(client, { triggerEvent: 'session_missed' }, userId), 'VALIDATION_FAILED');
  await expectRefusal(listOf(client, birthday('09:00'), crypto.randomUUID()), 'USER_NOT_FOUND');
  await expectRefusal(
    client.triggers.listNextOccurrences({ triggerId: crypto.randomUUID(), userId }),
    'TRIGGER_NOT_FOUND',
  );
});
