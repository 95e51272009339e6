/** Invalid triggers: refused by every method, with the invalid field, and nothing is stored. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Trigger } from '../../../src/gen/automation/v1/trigger_pb.ts';
import { BadRequestSchema } from '../../../src/gen/google/rpc/error_details_pb.ts';
import {
  type AutomationClient,
  condition,
  createAutomationClient,
  createWorkflow,
  onTag,
  type TriggerInit,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { expectRefusedUnchanged } from '../../support/expect-unchanged.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: AutomationClient;
let trigger: Trigger;
beforeAll(async () => {
  client = createAutomationClient(db.database);
  trigger = present((await createWorkflow(client)).trigger);
});

const many = (count: number) => Array.from({ length: count }, () => condition('week_number', 'exists'));
const nested = (depth: number): NonNullable<TriggerInit['filter']> =>
  depth === 1 ? { conditions: [condition('week_number', 'exists')] } : { groups: [nested(depth - 1)] };
const missed = (more: TriggerInit): TriggerInit => ({ triggerEvent: 'session_missed', ...more });
const settings = (more: TriggerInit['settings']): TriggerInit => missed({ settings: more });
const filtered = (...conditions: ReturnType<typeof condition>[]) => missed({ filter: { conditions } });
const span = (seconds: number, nanos = 0) => ({ seconds: BigInt(seconds), nanos });
const DAY = 86_400;
const NOT_A_NUMBER = { kind: { case: 'numberValue', value: Number.NaN } } as const;

const FAULTS: readonly [name: string, trigger: TriggerInit, fields: readonly string[]][] = [
  ['no event', {}, ['trigger.trigger_event']],
  ['an unknown event', { triggerEvent: 'nothing_happened' }, ['trigger.trigger_event']],
  [
    'an event that the account has not defined',
    { triggerEvent: 'custom.checked_in' },
    ['trigger.trigger_event'],
  ],
  ['an event of the configuration', { triggerEvent: 'trigger_configured' }, ['trigger.trigger_event']],
  ['an unknown type', missed({ triggerType: 'sport' }), ['trigger.trigger_type']],
  ['the type of another event', missed({ triggerType: 'contact' }), ['trigger.trigger_type']],
  [
    'an unknown type, event, operator and settings at once',
    {
      triggerType: 'sport',
      triggerEvent: 'nothing_happened',
      filter: { conditions: [condition('week_number', 'resembles', 1)] },
      settings: { priority: 10 },
    },
    [
      'trigger.trigger_type',
      'trigger.trigger_event',
      'trigger.filter.conditions[0].operator',
      'trigger.settings.priority',
    ],
  ],

  [
    'an unknown operator',
    filtered(condition('week_number', 'resembles', 1)),
    ['trigger.filter.conditions[0].operator'],
  ],
  [
    'an operator of another type',
    filtered(condition('week_number', 'starts_with', 'a')),
    ['trigger.filter.conditions[0].operator'],
  ],
  [
    'a diff of an event without one',
    filtered(condition('week_number', 'changed')),
    ['trigger.filter.conditions[0].operator'],
  ],
  ['an unknown field', filtered(condition('weekday', 'exists')), ['trigger.filter.conditions[0].field']],
  [
    'an undefined field of the account',
    filtered(condition('custom.level', 'exists')),
    ['trigger.filter.conditions[0].field'],
  ],
  [
    'a value of another type',
    filtered(condition('week_number', 'equals', 'two')),
    ['trigger.filter.conditions[0].value'],
  ],
  ['no value', filtered(condition('week_number', 'equals')), ['trigger.filter.conditions[0].value']],
  ['21 conditions', missed({ filter: { conditions: many(21) } }), ['trigger.filter.conditions']],
  [
    '21 conditions in groups',
    missed({ filter: { conditions: many(11), groups: [{ conditions: many(10) }] } }),
    ['trigger.filter.conditions'],
  ],
  [
    'groups five deep',
    missed({ filter: nested(5) }),
    ['trigger.filter.groups[0].groups[0].groups[0].groups[0]'],
  ],
  ['an empty inner group', missed({ filter: { groups: [{}] } }), ['trigger.filter.groups[0]']],
  [
    'an unknown logic',
    missed({ filter: { groups: [{ logic: 7 as never, conditions: many(1) }] } }),
    ['trigger.filter.groups[0].logic'],
  ],
  [
    'a list of 201',
    filtered(
      condition(
        'week_number',
        'in',
        Array.from({ length: 201 }, (_, at) => at),
      ),
    ),
    ['trigger.filter.conditions[0].value'],
  ],
  [
    'a text of 1,025',
    filtered(condition('day_slug', 'equals', 'x'.repeat(1_025))),
    ['trigger.filter.conditions[0].value'],
  ],
  [
    '17 KiB of filter',
    missed({
      filter: {
        conditions: Array.from({ length: 17 }, () => condition('day_slug', 'equals', 'x'.repeat(1_020))),
      },
    }),
    ['trigger.filter'],
  ],

  [
    'NUL in a value',
    filtered(condition('day_slug', 'equals', 'a\0b')),
    ['trigger.filter.conditions[0].value'],
  ],
  [
    'no number in a value',
    missed({ filter: { conditions: [{ field: 'week_number', operator: 'equals', value: NOT_A_NUMBER }] } }),
    ['trigger.filter.conditions[0].value'],
  ],
  [
    'an object as a value',
    filtered(condition('day_slug', 'equals', { a: 1 })),
    ['trigger.filter.conditions[0].value'],
  ],
  [
    'a path into the prototype',
    filtered(condition('__proto__', 'exists')),
    ['trigger.filter.conditions[0].field'],
  ],
  [
    'a path into the constructor',
    filtered(condition('athlete.constructor', 'exists')),
    ['trigger.filter.conditions[0].field'],
  ],
  [
    'SQL as a field',
    filtered(condition("name'; drop table users; --", 'exists')),
    ['trigger.filter.conditions[0].field'],
  ],
  [
    'a field of another table',
    filtered(condition('athlete.account_id', 'exists')),
    ['trigger.filter.conditions[0].field'],
  ],
  [
    'an operator of objects',
    filtered(condition('week_number', 'toString')),
    ['trigger.filter.conditions[0].operator'],
  ],

  ['no required configuration', { triggerEvent: 'tag_added' }, ['trigger.settings.configuration["tag"]']],
  ['an empty one', onTag(''), ['trigger.settings.configuration["tag"]']],
  ['one with NUL', onTag('a\0'), ['trigger.settings.configuration["tag"]']],
  [
    'configuration that the event does not take',
    settings({ configuration: { tag: 'vip' } }),
    ['trigger.settings.configuration["tag"]'],
  ],
  [
    'configuration under a hostile name',
    settings({ configuration: { '"]\n': 'x' } }),
    ['trigger.settings.configuration'],
  ],
  [
    'an attribute that is not defined',
    { triggerEvent: 'custom_field_changed', settings: { configuration: { field_name: 'level' } } },
    ['trigger.settings.configuration["field_name"]'],
  ],
  ['an unknown policy', settings({ policy: 9 as never }), ['trigger.settings.policy']],
  ['a cooldown of nothing', settings({ cooldown: span(0) }), ['trigger.settings.cooldown']],
  ['a cooldown before now', settings({ cooldown: span(-1) }), ['trigger.settings.cooldown']],
  ['a cooldown of 401 days', settings({ cooldown: span(401 * DAY) }), ['trigger.settings.cooldown']],
  ['a cooldown of no duration', settings({ cooldown: span(1, -1) }), ['trigger.settings.cooldown']],
  [
    'a limit of none',
    settings({ limit: {} }),
    ['trigger.settings.limit.count', 'trigger.settings.limit.window'],
  ],
  [
    'a limit of 1,001',
    settings({ limit: { count: 1_001, window: span(1) } }),
    ['trigger.settings.limit.count'],
  ],
  ['a cap of nothing', settings({ cap: {} }), ['trigger.settings.cap.count', 'trigger.settings.cap.window']],
  [
    'a cap of 1,000,001',
    settings({ cap: { count: 1_000_001, window: span(60) } }),
    ['trigger.settings.cap.count'],
  ],
  ['a cap of 59 seconds', settings({ cap: { count: 1, window: span(59) } }), ['trigger.settings.cap.window']],
  [
    'a cap of half seconds',
    settings({ cap: { count: 1, window: span(60, 5) } }),
    ['trigger.settings.cap.window'],
  ],
  [
    'a cap with a name of blanks',
    settings({ cap: { name: ' ', count: 1, window: span(60) } }),
    ['trigger.settings.cap.name'],
  ],
  ['priority -1', settings({ priority: -1 }), ['trigger.settings.priority']],
  ['priority 10', settings({ priority: 10 }), ['trigger.settings.priority']],
  [
    'business hours that never open',
    settings({ businessHours: { timeZone: 'Europe/Berlin' } }),
    ['trigger.settings.business_hours.intervals'],
  ],
  [
    'business hours of no day, time or zone',
    settings({
      businessHours: { timeZone: '+02:00', intervals: [{ weekday: 8, opens: '9', closes: '25:00' }] },
    }),
    [
      'trigger.settings.business_hours.time_zone',
      'trigger.settings.business_hours.intervals[0].weekday',
      'trigger.settings.business_hours.intervals[0].opens',
      'trigger.settings.business_hours.intervals[0].closes',
    ],
  ],
  [
    'business hours of the athlete’s time zone and of another',
    settings({
      businessHours: {
        timeZone: 'Europe/Berlin',
        inAthletesTimeZone: true,
        intervals: [{ weekday: 1, opens: '09:00', closes: '17:00' }],
      },
    }),
    ['trigger.settings.business_hours.time_zone'],
  ],
  ['quiet hours without business hours', settings({ quietHours: true }), ['trigger.settings.quiet_hours']],
  [
    'a schedule for an event that is none of time',
    settings({ time: { schedule: { case: 'birthday', value: { at: '09:00' } } } }),
    ['trigger.settings.time'],
  ],
  ['an event of time without a schedule', { triggerEvent: 'birthday' }, ['trigger.settings.time']],
  [
    'the schedule of another event',
    {
      triggerEvent: 'anniversary',
      settings: { time: { schedule: { case: 'birthday', value: { at: '09:00' } } } },
    },
    ['trigger.settings.time'],
  ],
  [
    'an anniversary of what is no date of the athlete',
    {
      triggerEvent: 'anniversary',
      settings: { time: { schedule: { case: 'anniversary', value: { field: 'date', at: '09:00' } } } },
    },
    ['trigger.settings.time.anniversary.field'],
  ],
];

describe('a trigger with', () => {
  it.each(FAULTS)('%s is refused', async (_, init, fields) => {
    const call = () =>
      client.triggers.updateTrigger({ triggerId: trigger.id, etag: trigger.etag, trigger: init });
    await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', fields);
  });

  it.each([
    ['an unknown type', missed({ triggerType: 'sport' }), 'Invalid trigger type'],
    ['another event’s type', missed({ triggerType: 'contact' }), 'Invalid trigger type'],
    ['an unknown operator', filtered(condition('week_number', 'resembles', 1)), 'Invalid filter operator'],
    ['21 conditions', missed({ filter: { conditions: many(21) } }), 'Maximum 20 filter conditions allowed'],
  ])('%s is told so', async (_, init, text) => {
    const call = client.triggers.updateTrigger({ triggerId: trigger.id, etag: trigger.etag, trigger: init });
    const refusal = await expectRefusal(call, 'VALIDATION_FAILED');
    const [detail] = refusal.findDetails(BadRequestSchema);
    expect(detail?.fieldViolations.map(({ description }) => description).join()).toContain(text);
  });

  it('20 conditions, four deep, is taken', async () => {
    const filter = { conditions: many(17), groups: [nested(3), { conditions: many(2) }] };
    const made = await createWorkflow(client, { trigger: missed({ filter }) });
    expect(made.trigger?.filter?.conditions).toHaveLength(17);
  });
});

describe('the same validation runs in', () => {
  const bad = filtered(condition('week_number', 'resembles', 1));
  const fields = ['trigger.filter.conditions[0].operator'];

  it('CreateWorkflow', async () => {
    const call = () => client.workflows.createWorkflow({ name: 'X', trigger: bad });
    await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', fields);
  });

  it('ConfigureTrigger', async () => {
    const { workflow } = await client.workflows.createWorkflow({ name: 'X' });
    const call = () => client.triggers.configureTrigger({ workflowId: `${workflow?.id}`, trigger: bad });
    await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', fields);
  });

  it('UpdateTrigger', async () => {
    const { id: triggerId, etag } = trigger;
    const call = () => client.triggers.updateTrigger({ triggerId, etag, trigger: bad });
    await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', fields);
  });
});
