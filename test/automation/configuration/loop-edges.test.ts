/** How sure it is that a workflow would set itself off again, by what its actions settle and its filter asks. */
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FilterLogic } from '../../../src/gen/automation/v1/filter_pb.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import { EnrollmentStatus } from '../../../src/gen/progression/v1/program_service_pb.ts';
import {
  type AutomationClient,
  addTag,
  condition,
  createActiveWorkflow,
  createAutomationClient,
  jsonValue,
  onTag,
  type WorkflowInit,
} from '../../support/automation.ts';
import { createLifts, createProgram, createProgression } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { chain, verdictOn } from './loop-verdict.ts';

const db = useTestDatabase();
let client: AutomationClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createAutomationClient(db.database);
});

describe('the certainty of a step follows from the known fields and the filter:', () => {
  const lift = { squat: '', bench: '' };
  const ids = { program: '', progression: '' };
  beforeEach(async () => {
    Object.assign(lift, await createLifts(client, 'squat', 'bench'));
    ids.program = (await createProgram(client)).id;
    ids.progression = (await createProgression(client)).id;
    const fields = JSON.stringify([
      { name: 'mood', type: 'int', description: '' },
      { name: 'place', type: 'string', description: '' },
    ]);
    await db.database.transaction(client.accountId, async (tx) => {
      await sql`insert into custom_event_types (account_id, slug, fields)
        values (${client.accountId}, 'checked_in', ${fields}::jsonb)`.execute(tx.sql);
      await sql`insert into field_definitions (account_id, path, type)
        values (${client.accountId}, 'custom.level', 'int')`.execute(tx.sql);
    });
  });

  const setMax = () =>
    ({
      action: {
        case: 'setLiftMax',
        value: { liftId: lift.squat, maxType: MaxType.TRAINING_MAX, value: '100' },
      },
    }) as const;
  const checkIn = (data: Record<string, number | string>) =>
    ({ action: { case: 'emitEvent', value: { type: 'custom.checked_in', data } } }) as const;
  const on = (triggerEvent: string, ...conditions: ReturnType<typeof condition>[]) => ({
    triggerEvent,
    filter: { conditions },
  });
  const leave = (status: EnrollmentStatus) =>
    ({ action: { case: 'leaveProgram', value: { status } } }) as const;
  const level = () =>
    ({ action: { case: 'setAttribute', value: { field: 'custom.level', value: jsonValue(3) } } }) as const;

  const CASES: readonly [name: string, verdict: string, init: () => WorkflowInit][] = [
    ['another tag', 'NONE', () => chain('a', 'b')],
    ['the same tag', 'CERTAIN', () => chain('a', 'a')],
    [
      'the same tag, removed',
      'NONE',
      () => ({ trigger: onTag('a'), actions: [{ action: { case: 'removeTag', value: { tag: 'a' } } }] }),
    ],
    [
      'the same tag, and something of the athlete',
      'POSSIBLE',
      () => ({
        trigger: onTag('a', { filter: { conditions: [condition('athlete.name', 'exists')] } }),
        actions: [addTag('a')],
      }),
    ],
    [
      'the same tag, once more in the filter',
      'CERTAIN',
      () => ({
        trigger: onTag('a', { filter: { conditions: [condition('tag', 'starts_with', 'a')] } }),
        actions: [addTag('a')],
      }),
    ],
    [
      'a filter that the tag refutes',
      'NONE',
      () => ({
        trigger: onTag('a', { filter: { conditions: [condition('tag', 'not_equals', 'a')] } }),
        actions: [addTag('a')],
      }),
    ],
    ['any max', 'CERTAIN', () => ({ trigger: on('lift_max_changed'), actions: [setMax()] })],
    [
      'the max of the lift',
      'CERTAIN',
      () => ({
        trigger: on('lift_max_changed', condition('lift_id', 'equals', lift.squat)),
        actions: [setMax()],
      }),
    ],
    [
      'the max of another lift',
      'NONE',
      () => ({
        trigger: on('lift_max_changed', condition('lift_id', 'equals', lift.bench)),
        actions: [setMax()],
      }),
    ],
    [
      'a max that a rule changed',
      'NONE',
      () => ({
        trigger: on('lift_max_changed', condition('source', 'equals', 'PROGRESSION')),
        actions: [setMax()],
      }),
    ],
    [
      'a max that became heavier',
      'POSSIBLE',
      () => ({
        trigger: on('lift_max_changed', condition('value', 'crossed_above', 90)),
        actions: [setMax()],
      }),
    ],
    [
      'a rule that was applied',
      'POSSIBLE',
      () => ({
        trigger: on('progression_applied'),
        actions: [{ action: { case: 'applyProgression', value: { progressionId: ids.progression } } }],
      }),
    ],
    [
      'the program',
      'CERTAIN',
      () => ({
        trigger: on('program_enrolled', condition('program_id', 'equals', ids.program)),
        actions: [{ action: { case: 'enrollInProgram', value: { programId: ids.program } } }],
      }),
    ],
    [
      'a program that ended',
      'CERTAIN',
      () => ({ trigger: on('program_completed'), actions: [leave(EnrollmentStatus.COMPLETED)] }),
    ],
    [
      'a program that was left',
      'NONE',
      () => ({ trigger: on('program_completed'), actions: [leave(EnrollmentStatus.QUIT)] }),
    ],
    [
      'the attribute',
      'CERTAIN',
      () => ({
        trigger: {
          triggerEvent: 'custom_field_changed',
          settings: { configuration: { field_name: 'custom.level' } },
        },
        actions: [level()],
      }),
    ],
    [
      'an event as it is emitted',
      'CERTAIN',
      () => ({
        trigger: on('custom.checked_in', condition('mood', 'greater_than', 3)),
        actions: [checkIn({ mood: 4 })],
      }),
    ],
    [
      'an event with another mood',
      'NONE',
      () => ({
        trigger: on('custom.checked_in', condition('mood', 'less_than', 3)),
        actions: [checkIn({ mood: 4 })],
      }),
    ],
    [
      'an event with what it never says',
      'NONE',
      () => ({
        trigger: on('custom.checked_in', condition('place', 'exists')),
        actions: [checkIn({ mood: 4 })],
      }),
    ],
    [
      'what comes after a wait',
      'CERTAIN',
      () => ({
        trigger: onTag('a'),
        actions: [
          { action: { case: 'wait', value: { wait: { case: 'duration', value: { seconds: 5n } } } } },
          addTag('a'),
        ],
      }),
    ],
    [
      'what is not its own event at all',
      'NONE',
      () => ({ trigger: on('session_missed'), actions: [addTag('a'), setMax()] }),
    ],
  ];

  it.each(CASES)('%s: %s', async (_, verdict, init) => {
    expect(await verdictOn(client, init())).toBe(verdict);
  });

  it('one possible step makes the whole path possible', async () => {
    const name = { filter: { conditions: [condition('athlete.name', 'exists')] } };
    await createActiveWorkflow(client, { trigger: onTag('a', name), actions: [addTag('b')] });
    expect(await verdictOn(client, { trigger: onTag('b'), actions: [addTag('a')] })).toBe('POSSIBLE');
  });

  it('a certain path takes precedence over a shorter possible one', async () => {
    await createActiveWorkflow(client, chain('b', 'c'));
    const filter = {
      logic: FilterLogic.OR,
      conditions: [condition('tag', 'equals', 'c'), condition('athlete.name', 'exists')],
    };
    await createActiveWorkflow(client, chain('c', 'a'));
    expect(
      await verdictOn(client, { trigger: onTag('a', { filter }), actions: [addTag('b'), addTag('a')] }),
    ).toBe('POSSIBLE');
    expect(await verdictOn(client, { trigger: onTag('a'), actions: [addTag('b')] })).toBe('CERTAIN');
  });
});
