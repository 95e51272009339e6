/** What is refused in the schedule of a time trigger, and where; and what the rest means. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { readTimeSettings } from '../../../src/automation/time/time-schedule.ts';
import { validateTimeSettings } from '../../../src/automation/time/validate-time-settings.ts';
import { Feb29, TimeSettingsSchema } from '../../../src/gen/automation/v1/trigger_pb.ts';

const TYPES: Readonly<Record<string, string>> = {
  'custom.joined_on': 'date',
  'athlete.created_at': 'timestamp',
  'athlete.name': 'string',
};

type Schedule = NonNullable<MessageInitShape<typeof TimeSettingsSchema>['schedule']>;

function faults(event: string, schedule: Schedule): string[] {
  const settings = create(TimeSettingsSchema, { schedule });
  const violations = validateTimeSettings(settings, event, 'settings.time', (path) => TYPES[path]);
  return violations.map(({ field, description }) => `${field}: ${description}`);
}

const birthday = (change: object = {}): Schedule => ({ case: 'birthday', value: { at: '09:00', ...change } });
const anniversary = (change: object = {}): Schedule => {
  return { case: 'anniversary', value: { at: '09:00', field: 'custom.joined_on', ...change } };
};
const scheduled = (change: object = {}): Schedule => {
  return { case: 'scheduledDate', value: { at: '09:00', field: 'custom.joined_on', ...change } };
};
const cron = (value: string, timeZone = 'UTC'): Schedule => {
  return { case: 'recurringSchedule', value: { timeZone, recurrence: { case: 'cron', value } } };
};
const every = (change: object = {}): Schedule => {
  const value = { days: 3, at: '06:00', startingOn: '2026-01-05', ...change };
  return { case: 'recurringSchedule', value: { timeZone: 'UTC', recurrence: { case: 'every', value } } };
};

const T = 'settings.time';
const timeOfDay = (text: string) => `must be a time of day from 00:00 to 23:59; was "${text}"`;
const DATE_FIELD = 'must be a date or timestamp of the athlete, such as athlete.created_at';

describe('a schedule of another event, or none, is refused', () => {
  test.each([
    ['anniversary', birthday()],
    ['birthday', anniversary()],
    ['recurring_schedule', scheduled()],
    ['scheduled_date', cron('0 6 * * *')],
    ['birthday', { case: undefined }],
  ] as const)('%s', (event, schedule) => {
    expect(faults(event, schedule)).toEqual([`${T}: must have ${event}, as that is the trigger's event`]);
  });

  test('settings without time', () => {
    const violations = validateTimeSettings(undefined, 'birthday', T, () => undefined);

    expect(violations).toEqual([
      { field: T, description: "must have birthday, as that is the trigger's event" },
    ]);
  });
});

describe('birthday', () => {
  test.each([
    [{}, []],
    [{ offsetDays: -366, feb29: Feb29.SKIP }, []],
    [{ offsetDays: 366 }, []],
    [{ offsetDays: 367 }, ['offset_days: must be -366 to 366; was 367']],
    [{ offsetDays: -367 }, ['offset_days: must be -366 to 366; was -367']],
    [{ at: '' }, [`at: ${timeOfDay('')}`]],
    [{ at: '24:00' }, [`at: ${timeOfDay('24:00')}`]],
    [{ at: '09:00:00' }, [`at: ${timeOfDay('09:00:00')}`]],
    [{ feb29: 7 }, ['feb29: must be FEB29_FEB28, FEB29_MAR1 or FEB29_SKIP']],
  ])('%j', (change, expected) => {
    expect(faults('birthday', birthday(change))).toEqual(expected.map((each) => `${T}.birthday.${each}`));
  });
});

describe('anniversary', () => {
  test.each([
    [{}, []],
    [{ field: 'athlete.created_at', minYears: 200 }, []],
    [{ field: 'athlete.name' }, [`field: ${DATE_FIELD}`]],
    [{ field: 'custom.unknown' }, [`field: ${DATE_FIELD}`]],
    [{ field: '' }, [`field: ${DATE_FIELD}`]],
    [{ minYears: -1 }, ['min_years: must be 0 to 200; was -1']],
    [
      { minYears: 201, at: 'x', offsetDays: 400 },
      [
        `at: ${timeOfDay('x')}`,
        'offset_days: must be -366 to 366; was 400',
        'min_years: must be 0 to 200; was 201',
      ],
    ],
  ])('%j', (change, expected) => {
    expect(faults('anniversary', anniversary(change))).toEqual(
      expected.map((each) => `${T}.anniversary.${each}`),
    );
  });
});

describe('scheduled_date', () => {
  test.each([
    [{}, []],
    [{ offsetDays: -3_660 }, []],
    [{ field: 'athlete.created_at', at: '' }, []],
    [{ field: 'athlete.created_at', at: '8' }, [`at: ${timeOfDay('8')}`]],
    [{ at: '' }, [`at: ${timeOfDay('')}`]],
    [{ field: 'athlete.name' }, [`field: ${DATE_FIELD}`]],
    [{ offsetDays: 3_661 }, ['offset_days: must be -3,660 to 3,660; was 3,661']],
  ])('%j', (change, expected) => {
    expect(faults('scheduled_date', scheduled(change))).toEqual(
      expected.map((each) => `${T}.scheduled_date.${each}`),
    );
  });
});

describe('recurring_schedule', () => {
  const R = `${T}.recurring_schedule`;

  test.each([
    [cron('30 6 * * 1-5'), []],
    [
      cron('30 6 * * *', 'Berlin'),
      [`${R}.time_zone: must be an IANA time zone, such as Europe/Berlin; was "Berlin"`],
    ],
    [cron('0 0 30 2 *'), [`${R}.cron: names a day that never comes, such as 30 February`]],
    [every(), []],
    [every({ days: 0, weeks: 52 }), []],
    [every({ days: 366 }), []],
    [every({ days: 0 }), [`${R}.every: must have either days or weeks`]],
    [every({ weeks: 1 }), [`${R}.every: must have either days or weeks`]],
    [every({ days: 367 }), [`${R}.every.days: must be 0 to 366; was 367`]],
    [every({ days: -1 }), [`${R}.every.days: must be 0 to 366; was -1`]],
    [every({ days: 0, weeks: 53 }), [`${R}.every.weeks: must be 0 to 52; was 53`]],
    [every({ at: '6:00' }), [`${R}.every.at: ${timeOfDay('6:00')}`]],
    ...['', '2026-02-30', '1969-12-31', '3000-01-01'].map((startingOn): [Schedule, string[]] => [
      every({ startingOn }),
      [
        `${R}.every.starting_on: must be a day of the years 1970 to 2999, such as 2026-01-05; was "${startingOn}"`,
      ],
    ]),
    [{ case: 'recurringSchedule', value: { timeZone: 'UTC' } }, [`${R}: must have cron or every`]],
  ] as [Schedule, string[]][])('%j', (schedule, expected) => {
    expect(faults('recurring_schedule', schedule)).toEqual(expected);
  });

  test('an invalid cron text is refused with what is allowed', () => {
    expect(faults('recurring_schedule', cron('@daily'))).toEqual([
      expect.stringContaining(`${R}.cron: must be five`),
    ]);
  });
});

describe('in the settings', () => {
  const read = (schedule: Schedule) => readTimeSettings(create(TimeSettingsSchema, { schedule }));

  test('an unset feb29 is FEB28, and an anniversary counts from the first year', () => {
    expect(read(birthday())).toEqual({ kind: 'birthday', at: '09:00', offsetDays: 0, feb29: 'FEB28' });
    expect(read(birthday({ feb29: Feb29.MAR1 }))).toMatchObject({ feb29: 'MAR1' });
    expect(read(anniversary({ feb29: Feb29.SKIP }))).toMatchObject({ feb29: 'SKIP', minYears: 1 });
    expect(read(anniversary({ minYears: 5 }))).toMatchObject({ field: 'custom.joined_on', minYears: 5 });
  });

  test('an empty time of day means the timestamp’s own', () => {
    expect(read(scheduled({ at: '' }))).toMatchObject({ kind: 'scheduled_date', at: undefined });
  });

  test('weeks are seven days', () => {
    expect(read(cron('0 6 * * *', 'Asia/Tokyo'))).toMatchObject({
      zone: 'Asia/Tokyo',
      recurrence: { kind: 'cron', text: '0 6 * * *' },
    });
    expect(read(every({ days: 0, weeks: 2 }))).toMatchObject({ recurrence: { kind: 'every', days: 14 } });
  });

  test('a missing schedule is an error', () => {
    expect(() => read({ case: undefined })).toThrow(TypeError);
    expect(() => read({ case: 'recurringSchedule', value: { timeZone: 'UTC' } })).toThrow(TypeError);
  });
});
