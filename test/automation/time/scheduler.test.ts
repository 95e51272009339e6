/** What the scheduler sends to time triggers, and when. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { occurrenceEventId } from '../../../src/automation/time/occurrence-entries.ts';
import {
  rescheduleAthlete,
  scheduleTrigger,
  unscheduleTrigger,
} from '../../../src/automation/time/reschedule.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { at, birthday, daily, idOf, LIMITS, settingsOf, TimeAccount } from './time-fixtures.ts';

const db = useTestDatabase();

let account: TimeAccount;
beforeEach(async () => {
  account = await new TimeAccount(db.database, '2026-07-01').open();
});

/** Key and time of the fired ones. */
async function fired(): Promise<string[]> {
  return (await account.takeFired()).map(
    ({ facts: [fact], occurredAt }) => `${fact?.occurrenceKey} ${occurredAt}`,
  );
}

async function runAt(text: string): Promise<string[]> {
  account.clock.set(text);
  await account.runAll();
  return fired();
}

describe('a birthday', () => {
  test('fires at the time of day in the athlete’s zone, once', async () => {
    await account.open('America/New_York');
    const [tokyo, none] = await account.addAthletes([
      { birthDate: '1990-07-15', timeZone: 'Asia/Tokyo' },
      { birthDate: '1990-07-15' },
      { birthDate: null },
    ]);
    await account.addTrigger(birthday());
    await account.runAll();

    expect(await account.cursors({ [`${tokyo}`]: 'tokyo', [`${none}`]: 'none' })).toEqual([
      'tokyo 2026 2026-07-15T00:00',
      'none 2026 2026-07-15T13:00',
    ]);
    expect(await runAt('2026-07-14T23:59:59')).toEqual([]);
    expect(await runAt('2026-07-15T00:00:00')).toEqual(['2026 2026-07-15T00:00:00']);
    expect(await runAt('2026-07-15T00:00:00')).toEqual([]);
    expect(await runAt('2026-07-15T13:00:01')).toEqual(['2026 2026-07-15T13:00:00']);
    expect(await runAt('2027-07-15T13:00:00')).toEqual([
      '2027 2027-07-15T00:00:00',
      '2027 2027-07-15T13:00:00',
    ]);
  });

  test('writes an outbox entry that is addressed to its trigger', async () => {
    const userId = await account.addAthlete({ birthDate: '1990-07-15' });
    const { id: triggerId } = await account.addTrigger(birthday({ offsetDays: -1 }));
    await account.runAll();
    account.clock.set('2026-07-14T09:30:00');
    await account.runAll();
    const id = occurrenceEventId(account.accountId, triggerId, userId, '2026');

    expect(await account.takeFired()).toEqual([
      {
        id,
        userId,
        actor: 'SYSTEM',
        cause: null,
        occurredAt: '2026-07-14T09:00:00',
        facts: [
          {
            id,
            type: 'birthday',
            data: { date: '2026-07-15', years: 36, planned_at: '2026-07-14T09:00:00.000000Z' },
            triggerId,
            occurrenceKey: '2026',
          },
        ],
      },
    ]);
  });

  test('of a deleted athlete, or of one without the date, does not fire', async () => {
    const [deleted, dateless] = await account.addAthletes([
      { birthDate: '1990-07-15' },
      { birthDate: '1990-07-15' },
    ]);
    await account.addTrigger(birthday());
    await account.runAll();
    await account.change(sql`update users set deleted_at = now() where id = ${deleted}`);
    await account.change(sql`update users set birth_date = null where id = ${dateless}`);

    expect(await runAt('2026-07-15T10:00:00')).toEqual([]);
    expect(await account.cursors()).toEqual([]);
  });

  test('that was edited after it was planned fires by its current value', async () => {
    const birthDate = '1990-07-15';
    const [later, earlier, long] = await account.addAthletes([{ birthDate }, { birthDate }, { birthDate }]);
    await account.addTrigger(birthday());
    await account.runAll();
    await account.change(sql`update users set birth_date = '1990-08-20' where id = ${later}`);
    await account.change(sql`update users set birth_date = '1990-07-14' where id = ${earlier}`);
    await account.change(sql`update users set birth_date = '1990-03-01' where id = ${long}`);

    expect(await runAt('2026-07-15T09:00:00')).toEqual(['2026 2026-07-14T09:00:00']);
    expect(await account.cursors()).toEqual([
      `${later} 2026 2026-08-20T09:00`,
      `${long} 2027 2027-03-01T09:00`,
      `${earlier} 2027 2027-07-14T09:00`,
    ]);
  });
});

describe('anniversaries and scheduled dates', () => {
  test('use fields of the account and built-in ones', async () => {
    await account.defineField('custom.joined_on', 'date');
    await account.addAthlete({ attributes: { joined_on: '2024-07-02' }, createdAt: '2023-07-03T23:30:00Z' });
    await account.addTrigger({
      case: 'anniversary',
      value: { field: 'custom.joined_on', at: '08:00', minYears: 2 },
    });
    await account.addTrigger({ case: 'anniversary', value: { field: 'athlete.created_at', at: '08:00' } });
    await account.addTrigger({
      case: 'scheduledDate',
      value: { field: 'custom.joined_on', at: '07:00', offsetDays: 731 },
    });
    await account.runAll();
    account.clock.set('2026-07-03T08:00:00');
    await account.runAll();
    const entries = (await account.takeFired()).map(({ facts: [fact] }) => ({
      type: fact?.type,
      key: fact?.occurrenceKey,
      data: fact?.data,
    }));

    const field = 'custom.joined_on';
    expect(entries).toEqual([
      {
        type: 'anniversary',
        key: '2026',
        data: { field, date: '2026-07-02', years: 2, planned_at: '2026-07-02T08:00:00.000000Z' },
      },
      {
        type: 'scheduled_date',
        key: '2024-07-02',
        data: { field, date: '2024-07-02', planned_at: '2026-07-03T07:00:00.000000Z' },
      },
      {
        type: 'anniversary',
        key: '2026',
        data: {
          field: 'athlete.created_at',
          date: '2026-07-03',
          years: 3,
          planned_at: '2026-07-03T08:00:00.000000Z',
        },
      },
    ]);
  });

  test('a scheduled date fires once for each value, at a timestamp’s own time', async () => {
    await account.defineField('custom.call_at', 'timestamp');
    const userId = await account.addAthlete({ attributes: { call_at: '2026-07-02T10:15:00+02:00' } });
    await account.addTrigger({ case: 'scheduledDate', value: { field: 'custom.call_at' } });
    await account.runAll();

    expect(await runAt('2026-07-02T08:15:00')).toEqual(['2026-07-02T08:15:00.000000Z 2026-07-02T08:15:00']);
    expect(await account.cursors()).toEqual([]);
    await setAttributes(userId, { call_at: '2026-07-03T10:00:00Z' });
    expect(await account.cursors()).toEqual([`${userId} 2026-07-03T10:00:00.000000Z 2026-07-03T10:00`]);
    await setAttributes(userId, { call_at: 'soon' });
    expect(await account.cursors()).toEqual([]);
  });
});

async function setAttributes(userId: string, attributes: object): Promise<void> {
  await account.change(sql`update users set attributes = ${JSON.stringify(attributes)} where id = ${userId}`);
  await account.run((tx) => rescheduleAthlete(tx, userId, account.clock.now, LIMITS));
}

describe('a birthday that is due while no scheduler runs', () => {
  beforeEach(async () => {
    await account.addAthletes([{ birthDate: '1990-07-15' }]);
    await account.addTrigger(birthday());
    await account.runAll();
  });

  async function missedAt(text: string): Promise<unknown[]> {
    account.clock.set(text);
    await account.runAll();
    return (await account.takeFired()).map(({ facts: [fact] }) => [
      fact?.occurrenceKey,
      fact?.data.missed ?? false,
    ]);
  }

  test('fires late, up to 24 hours', async () => {
    expect(await missedAt('2026-07-16T09:00:00')).toEqual([['2026', false]]);
  });

  test('is recorded as missed after 24 hours', async () => {
    expect(await missedAt('2026-07-16T09:00:01')).toEqual([['2026', true]]);
    expect(await account.cursors()).toEqual([expect.stringContaining('2027 2027-07-15T09:00')]);
  });

  test('is recorded for each year of several', async () => {
    expect(await missedAt('2028-07-15T20:00:00')).toEqual([
      ['2026', true],
      ['2027', true],
      ['2028', false],
    ]);
  });
});

describe('a trigger', () => {
  test('that is inactive does not fire later for that time', async () => {
    await account.addAthletes([{ birthDate: '1990-07-15' }]);
    const trigger = await account.addTrigger(birthday());
    await account.runAll();
    await account.setStatus(trigger.id, 'PAUSED');
    await account.run((tx) => unscheduleTrigger(tx, trigger.id));
    expect(await account.cursors()).toEqual([]);
    expect(await runAt('2026-07-15T10:00:00')).toEqual([]);

    await account.setStatus(trigger.id, 'ACTIVE');
    await account.run((tx) => scheduleTrigger(tx, trigger, account.clock.now));
    expect(await runAt('2026-07-15T10:00:01')).toEqual([]);
    expect(await account.cursors()).toEqual([expect.stringContaining('2027 2027-07-15T09:00')]);
  });

  test('that stopped without removing its cursors does not fire', async () => {
    await account.addAthletes([{ birthDate: '1990-07-15' }]);
    const { id } = await account.addTrigger(birthday());
    const recurring = await account.addTrigger(daily());
    await account.runAll();
    await account.setStatus(id, 'PAUSED');
    await account.setStatus(recurring.id, 'PAUSED');

    expect(await runAt('2026-07-15T10:00:00')).toEqual([]);
    expect(await account.cursors()).toEqual([]);
  });

  test('that changes is rescheduled', async () => {
    await account.addAthletes([{ birthDate: '1990-07-15' }]);
    const { id } = await account.addTrigger(birthday());
    await account.runAll();
    const settings = settingsOf(birthday({ at: '18:00', offsetDays: 1 }));
    await account.run(async (tx) => {
      await sql`update workflow_triggers set settings = ${JSON.stringify(settings)} where id = ${id}`.execute(
        tx.sql,
      );
      await unscheduleTrigger(tx, id);
      await scheduleTrigger(tx, { id, settings }, account.clock.now);
    });
    await account.runAll();

    expect(await account.cursors()).toEqual([expect.stringContaining('2026 2026-07-16T18:00')]);
  });

  test('fires occurrences since its activation, also when its cursors were created late', async () => {
    await account.addAthletes([{ birthDate: '1990-07-15' }, { birthDate: '1990-07-14' }]);
    account.clock.set('2026-07-15T08:59:59');
    await account.addTrigger(birthday());

    expect(await runAt('2026-07-15T09:00:05')).toEqual(['2026 2026-07-15T09:00:00']);
  });

  test('has its cursors created in pages', async () => {
    await account.addAthletes(
      Array.from({ length: 25 }, (_, index) => ({ id: idOf(index + 1), birthDate: '1990-07-15' })),
    );
    await account.addTrigger(birthday());
    const scheduler = account.scheduler({ timeCursorPageSize: 10 });

    expect((await account.cursors()).length).toBe(1);
    await scheduler.runOnce();
    expect((await account.cursors()).length).toBe(11);
    await scheduler.runOnce();
    expect((await account.cursors()).length).toBe(21);
    await scheduler.runOnce();
    expect((await account.cursors()).length).toBe(25);
  });

  test('that cannot be read is reported, and does not delay others', async () => {
    await account.addAthletes([{ birthDate: '1990-07-15' }]);
    const broken = await account.addTrigger(birthday());
    await account.addTrigger(birthday({ at: '10:00' }));
    await account.runAll();
    await account.change(sql`update workflow_triggers set settings = '{"time": 1}' where id = ${broken.id}`);

    expect(await runAt('2026-07-15T12:00:00')).toEqual(['2026 2026-07-15T10:00:00']);
    expect(account.errors.map(String)).toEqual([expect.stringContaining(broken.id)]);
    expect((await account.cursors()).length).toBe(1);
  });
});

describe('when an athlete changes', () => {
  async function changed(userId: string, change: ReturnType<typeof sql>): Promise<void> {
    await account.change(sql`update users set ${change} where id = ${userId}`);
    await account.run((tx) => rescheduleAthlete(tx, userId, account.clock.now, LIMITS));
  }

  test('a new athlete gets cursors of every active trigger', async () => {
    await account.addTrigger(birthday());
    const paused = await account.addTrigger(birthday({ at: '10:00' }));
    await account.runAll();
    await account.setStatus(paused.id, 'PAUSED');
    const userId = await account.addAthlete({ birthDate: '1990-07-15' });
    await changed(userId, sql`name = 'B'`);

    expect(await account.cursors()).toEqual([`${userId} 2026 2026-07-15T09:00`]);
  });

  test('a new birth date moves the cursors, and a removed one removes them', async () => {
    const userId = await account.addAthlete({ birthDate: '1990-07-15' });
    await account.addTrigger(birthday());
    await account.runAll();

    await changed(userId, sql`birth_date = '1990-03-01'`);
    expect(await account.cursors()).toEqual([`${userId} 2027 2027-03-01T09:00`]);
    await changed(userId, sql`birth_date = null`);
    expect(await account.cursors()).toEqual([]);
    await changed(userId, sql`birth_date = '1990-12-24'`);
    expect(await account.cursors()).toEqual([`${userId} 2026 2026-12-24T09:00`]);
    await changed(userId, sql`deleted_at = now()`);
    expect(await account.cursors()).toEqual([]);
  });

  test('a move eastwards on the day does not lose the birthday', async () => {
    const userId = await account.addAthlete({ birthDate: '1990-07-15', timeZone: 'America/Los_Angeles' });
    await account.addTrigger(birthday());
    await account.runAll();
    account.clock.set('2026-07-15T04:00:00');
    await changed(userId, sql`time_zone = 'Asia/Tokyo'`);

    expect(await account.cursors()).toEqual([`${userId} 2026 2026-07-15T00:00`]);
    expect(await runAt('2026-07-15T04:00:01')).toEqual(['2026 2026-07-15T00:00:00']);
  });

  test('a move westwards on the day gives the same event again, by its id', async () => {
    const userId = await account.addAthlete({ birthDate: '1990-07-15', timeZone: 'Asia/Tokyo' });
    await account.addTrigger(birthday());
    await account.runAll();
    account.clock.set('2026-07-15T00:00:00');
    await account.runAll();
    const [first] = await account.takeFired();
    await changed(userId, sql`time_zone = 'America/Los_Angeles'`);
    account.clock.set('2026-07-15T16:00:00');
    await account.runAll();
    const [second] = await account.takeFired();

    expect(first?.id).toBe(second?.id);
    expect(first?.facts[0]?.id).toBe(second?.facts[0]?.id);
  });

  test('an occurrence after the change fires, also when the change is evaluated late', async () => {
    await account.addTrigger(birthday());
    await account.runAll();
    const userId = await account.addAthlete({ birthDate: '1990-07-15' });
    account.clock.set('2026-07-15T12:00:00');
    await account.run((tx) => rescheduleAthlete(tx, userId, at('2026-07-15T08:00:00'), LIMITS));
    await account.runAll();

    expect(await fired()).toEqual(['2026 2026-07-15T09:00:00']);
  });

  test('cursors of other athletes stay', async () => {
    const [userId = '', other] = await account.addAthletes([
      { birthDate: '1990-07-15' },
      { birthDate: '1990-07-16' },
    ]);
    await account.addTrigger(birthday());
    await account.runAll();
    await changed(userId, sql`birth_date = null`);

    expect(await account.cursors()).toEqual([`${other} 2026 2026-07-16T09:00`]);
  });
});

describe('a recurring schedule', () => {
  const VIP = { conditions: [{ field: 'tags', operator: 'contains', value: 'vip' }] };

  test('fires for the athletes whom its filter matches, each time', async () => {
    const ids = await account.addAthletes([{ tags: ['vip'] }, { tags: [] }, { tags: ['a', 'vip'] }]);
    const { id: triggerId } = await account.addTrigger(daily('06:00', 'Europe/Berlin'), VIP);
    account.clock.set('2026-07-01T04:00:00');
    await account.runAll();
    const entries = await account.takeFired();

    expect(entries.map(({ userId }) => userId)).toEqual([ids[0], ids[2]]);
    expect(entries[0]?.facts).toEqual([
      {
        id: entries[0]?.id,
        type: 'recurring_schedule',
        data: { planned_at: '2026-07-01T04:00:00.000000Z' },
        triggerId,
        occurrenceKey: '2026-07-01T04:00:00.000000Z',
      },
    ]);
    expect(await runAt('2026-07-02T03:59:59')).toEqual([]);
    expect((await runAt('2026-07-02T04:00:00')).length).toBe(2);
  });

  test('passes over the athletes in pages, and continues where it stopped', async () => {
    await account.addAthletes(
      Array.from({ length: 25 }, (_, index) => ({ id: idOf(100 + index), tags: index % 2 ? ['vip'] : [] })),
    );
    await account.addTrigger(daily(), VIP);
    account.clock.set('2026-07-01T06:00:00');
    const first = account.scheduler({ timeCursorPageSize: 10 });

    expect(await first.runOnce()).toBe(true);
    expect((await fired()).length).toBe(5);
    // A change of the clock meanwhile does not end the tick.
    account.clock.set('2026-07-02T06:30:00');
    const second = account.scheduler({ timeCursorPageSize: 10 });
    await second.runOnce();
    expect(new Set(await fired())).toEqual(new Set(['2026-07-01T06:00:00.000000Z 2026-07-01T06:00:00']));
    await second.runOnce();
    expect((await fired()).length).toBe(2);
    await account.runAll();
    expect((await fired()).length).toBe(12);
  });

  test('that was not processed for days fires only its latest tick', async () => {
    await account.addAthletes([{}]);
    await account.addTrigger(daily());

    expect(await runAt('2026-07-05T05:00:00')).toEqual(['2026-07-04T06:00:00.000000Z 2026-07-04T06:00:00']);
    expect(await account.cursors()).toEqual(['- 2026-07-05T06:00:00.000000Z 2026-07-05T06:00']);
  });

  test('whose latest tick is too long ago is recorded as missed', async () => {
    await account.addAthletes([{}]);
    await account.addTrigger({
      case: 'recurringSchedule',
      value: {
        timeZone: 'UTC',
        recurrence: { case: 'every', value: { weeks: 1, at: '06:00', startingOn: '2026-07-02' } },
      },
    });
    account.clock.set('2026-07-10T20:00:00');
    await account.runAll();
    const [entry] = await account.takeFired();

    expect(entry?.facts[0]?.data).toEqual({ planned_at: '2026-07-09T06:00:00.000000Z', missed: true });
    expect(await account.takeFired()).toEqual([]);
  });

  test('uses the calendar of each athlete’s zone', async () => {
    await account.open('America/Los_Angeles');
    const [tokyo] = await account.addAthletes([
      { birthDate: '1990-07-02', timeZone: 'Asia/Tokyo' },
      { birthDate: '1990-07-02' },
    ]);
    const filter = { conditions: [{ field: 'athlete.birth_date', operator: 'on', value: '1990-07-02' }] };
    await account.addTrigger(daily('16:00'), filter);
    account.clock.set('2026-07-01T16:00:00');
    await account.runAll();

    expect((await account.takeFired()).map(({ userId }) => userId)).toContain(tokyo);
  });

  test('leaves conditions on the event to the evaluation', async () => {
    await account.addAthletes([{ tags: ['vip'] }, {}]);
    const filter = {
      conditions: [...VIP.conditions, { field: 'planned_at', operator: 'in_last', value: '1h' }],
    };
    await account.addTrigger(daily(), filter);

    expect((await runAt('2026-07-01T06:00:00')).length).toBe(1);
  });

  test('whose filter cannot be read is reported, and continues with the next tick', async () => {
    await account.addAthletes([{}, {}]);
    const { id } = await account.addTrigger(daily(), {
      conditions: [{ field: 'gone', operator: 'equals', value: 1 }],
    });

    expect(await runAt('2026-07-01T06:00:00')).toEqual([]);
    expect(account.errors.map(String)).toEqual([expect.stringContaining(id)]);
    expect(await account.cursors()).toEqual(['- 2026-07-02T06:00:00.000000Z 2026-07-02T06:00']);
  });

  test('leaves deleted athletes out', async () => {
    const ids = await account.addAthletes([{}, {}]);
    await account.addTrigger(daily());
    await account.change(sql`update users set deleted_at = now() where id = ${ids[0]}`);

    expect((await runAt('2026-07-01T06:00:00')).length).toBe(1);
  });
});
