/** What is refused in business hours, and where. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { validateBusinessHours } from '../../../src/automation/time/business-hours.ts';
import { readConfig } from '../../../src/config/config.ts';
import { BusinessHoursSchema } from '../../../src/gen/automation/v1/trigger_pb.ts';

const { limits } = readConfig({});
const INTERVAL = { weekday: 1, opens: '09:00', closes: '17:00' };
const VALID = { timeZone: 'Europe/Berlin', intervals: [INTERVAL], holidays: ['2026-12-25'] };

function faults(change: MessageInitShape<typeof BusinessHoursSchema>): string[] {
  const calendar = create(BusinessHoursSchema, { ...VALID, ...change });
  const violations = validateBusinessHours(calendar, limits, 'settings.business_hours');
  return violations.map(({ field, description }) => `${field}: ${description}`);
}

test.each([
  {},
  { holidays: [] },
  { intervals: [{ weekday: 7, opens: '22:00', closes: '04:00' }] },
  { intervals: [{ weekday: 7, opens: '00:00', closes: '24:00' }] },
  { intervals: [{ weekday: 7, opens: '09:00', closes: '09:00' }] },
])('%j is valid', (change) => {
  expect(faults(change)).toEqual([]);
});

const B = 'settings.business_hours';
test.each([
  [{ timeZone: '' }, [`${B}.time_zone: must be an IANA time zone, such as Europe/Berlin; was ""`]],
  [
    { timeZone: '+02:00' },
    [`${B}.time_zone: must be an IANA time zone, such as Europe/Berlin; was "+02:00"`],
  ],
  [{ intervals: [] }, [`${B}.intervals: must have at least one interval: without any it never opens`]],
  [{ intervals: Array(101).fill(INTERVAL) }, [`${B}.intervals: must have at most 100`]],
  [
    { intervals: [INTERVAL, { ...INTERVAL, weekday: 0 }] },
    [`${B}.intervals[1].weekday: must be 1 to 7; was 0`],
  ],
  [{ intervals: [{ ...INTERVAL, weekday: 8 }] }, [`${B}.intervals[0].weekday: must be 1 to 7; was 8`]],
  [
    { intervals: [{ ...INTERVAL, opens: '24:00', closes: '25:00' }] },
    [
      `${B}.intervals[0].opens: must be a time of day from 00:00 to 23:59; was "24:00"`,
      `${B}.intervals[0].closes: must be a time of day from 00:00 to 24:00; was "25:00"`,
    ],
  ],
  [
    { intervals: [{ ...INTERVAL, opens: '9:00' }] },
    [`${B}.intervals[0].opens: must be a time of day from 00:00 to 23:59; was "9:00"`],
  ],
  [
    { holidays: ['2026-02-30'] },
    [`${B}.holidays[0]: must be a day of the calendar, such as 2026-12-25; was "2026-02-30"`],
  ],
  [{ holidays: Array(1_001).fill('2026-12-25') }, [`${B}.holidays: must have at most 1,000`]],
])('%j', (change, expected) => {
  expect(faults(change)).toEqual(expected);
});

test('all violations are reported at once', () => {
  expect(faults({ timeZone: 'Berlin', intervals: [{ weekday: 9 }], holidays: ['x'] })).toHaveLength(5);
});
