/** Progressions over the wire. */
import { create } from '@bufbuild/protobuf';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProgressionType } from '../../../src/gen/progression/v1/common_pb.ts';
import { ProgressionParametersSchema } from '../../../src/gen/progression/v1/program_service_pb.ts';
import {
  type CatalogClient,
  createCatalogClient,
  expectRefusal,
  WITHOUT_REQUEST_ID,
} from '../../support/catalog-client.ts';
import {
  auditOf,
  createProgram,
  createProgression,
  DELOAD,
  LINEAR,
  placeRule,
  type RuleParameters,
  revisionOf,
} from '../../support/catalog-fixtures.ts';
import { TEST_ACTOR } from '../../support/service-transport.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: CatalogClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createCatalogClient(db.database);
});

/** What LINEAR may become: +5 after each session. */
const FASTER: RuleParameters = {
  rule: {
    case: 'linearProgression',
    value: { maxType: 2, triggerType: 1, increment: { kind: { case: 'amount', value: '5' } } },
  },
};

const MISSING = '01900000-0000-7000-8000-00000000dead';

describe('a progression', () => {
  it('is read as it was created, with its type', async () => {
    const created = await createProgression(client, LINEAR, 'Novice');

    const { progression } = await client.programs.getProgression({ progressionId: created.id });

    expect(progression).toEqual(created);
    expect(progression).toMatchObject({ name: 'Novice', type: ProgressionType.LINEAR_PROGRESSION });
    expect(progression?.parameters).toEqual(create(ProgressionParametersSchema, LINEAR));
  });

  it('is not stored unless it can be applied', async () => {
    const value = { maxType: 2, increment: { kind: { case: 'amount', value: '0' } } } as const;
    const call = client.programs.createProgression({
      name: 'Nothing',
      parameters: { rule: { case: 'cycleProgression', value } },
    });

    await expectRefusal(call, 'VALIDATION_FAILED', ['parameters.cycle_progression.increment.amount']);
    expect((await client.programs.listProgressions({})).totalSize).toBe(0);
  });

  it('is validated before the request ID is required', async () => {
    const value = { maxType: 2, increment: { kind: { case: 'percent', value: '2' } } } as const;
    const call = client.programs.createProgression(
      { name: 'Too much', parameters: { rule: { case: 'cycleProgression', value } } },
      WITHOUT_REQUEST_ID,
    );
    await expectRefusal(call, 'VALIDATION_FAILED');
  });

  it('can change its name and its parameters, each separately', async () => {
    const { id } = await createProgression(client);
    const renamed = await client.programs.updateProgression({ progressionId: id, name: 'Faster' });
    const changed = await client.programs.updateProgression({ progressionId: id, parameters: FASTER });

    expect(renamed.progression?.parameters).toEqual(create(ProgressionParametersSchema, LINEAR));
    expect(changed.progression).toMatchObject({ id, name: 'Faster' });
    expect(changed.progression?.parameters).toEqual(create(ProgressionParametersSchema, FASTER));
    const read = await client.programs.getProgression({ progressionId: id });
    expect(read.progression).toEqual(changed.progression);
  });

  it('cannot change its type', async () => {
    const { id } = await createProgression(client, LINEAR);
    const call = client.programs.updateProgression({ progressionId: id, parameters: DELOAD });
    await expectRefusal(call, 'VALIDATION_FAILED', ['parameters']);
  });

  it('is not found after its deletion', async () => {
    const { id } = await createProgression(client);

    await client.programs.deleteProgression({ progressionId: id });

    const calls = [
      client.programs.getProgression({ progressionId: id }),
      client.programs.updateProgression({ progressionId: id, name: 'Again' }),
      client.programs.deleteProgression({ progressionId: id }),
      client.programs.getProgression({ progressionId: MISSING }),
      createCatalogClient(db.database).programs.getProgression({ progressionId: id }),
    ];
    await Promise.all(calls.map((call) => expectRefusal(call, 'PROGRESSION_NOT_FOUND')));
    expect((await client.programs.listProgressions({})).progressions).toEqual([]);
  });

  it('cannot be deleted while a live program uses it', async () => {
    const { id } = await createProgression(client);
    const program = await createProgram(client);
    await placeRule(client, { programId: program.id, progressionId: id });

    await expectRefusal(client.programs.deleteProgression({ progressionId: id }), 'IN_USE');
    await client.programs.deleteProgram({ programId: program.id });
    await client.programs.deleteProgression({ progressionId: id });
  });

  it('increments the revision of every program that uses it when it changes, and of no other', async () => {
    const [used, unused] = [await createProgression(client), await createProgression(client)];
    const programs = [
      await createProgram(client, { slug: 'a' }),
      await createProgram(client, { slug: 'b' }),
      await createProgram(client, { slug: 'c' }),
    ];
    const [a, b, c] = programs.map(({ id }) => id);
    await placeRule(client, { programId: a, progressionId: used.id });
    await placeRule(client, { programId: b, progressionId: used.id });
    await placeRule(client, { programId: c, progressionId: unused.id });
    const before = await Promise.all(programs.map(({ id }) => revisionOf(db.database, client, id)));

    await client.programs.updateProgression({ progressionId: used.id, name: 'Changed' });

    const after = await Promise.all(programs.map(({ id }) => revisionOf(db.database, client, id)));
    expect(after.map((revision, index) => revision - Number(before[index]))).toEqual([1, 1, 0]);
  });

  it('increments the revision once for each of many concurrent changes', async () => {
    const program = await createProgram(client);
    const rules = await Promise.all(Array.from({ length: 4 }, () => createProgression(client)));
    for (const { id } of rules) {
      await placeRule(client, { programId: program.id, progressionId: id });
    }
    const before = await revisionOf(db.database, client, program.id);

    const changes = rules.flatMap(({ id }) =>
      ['One', 'Two'].map((name) => client.programs.updateProgression({ progressionId: id, name })),
    );
    await Promise.all(changes);

    expect(await revisionOf(db.database, client, program.id)).toBe(before + changes.length);
  });

  it('is audited with actor, state before and state after', async () => {
    const { id } = await createProgression(client, LINEAR, 'Old');
    await client.programs.updateProgression({ progressionId: id, name: 'New' });
    await client.programs.deleteProgression({ progressionId: id });

    const trail = await auditOf(db.database, client, id);

    const common = { actor: TEST_ACTOR, target_type: 'progression' };
    const parameters = {
      maxType: 'TRAINING_MAX',
      triggerType: 'AFTER_SESSION',
      increment: '2.5',
      requireSuccess: false,
    };
    const [old, renamed] = ['Old', 'New'].map((name) => ({ name, type: 'LINEAR_PROGRESSION', parameters }));
    expect(trail).toEqual([
      { ...common, action: 'CreateProgression', before: null, after: old },
      { ...common, action: 'UpdateProgression', before: old, after: renamed },
      { ...common, action: 'DeleteProgression', before: renamed, after: null },
    ]);
  });
});

describe('the list of progressions', () => {
  it('is ordered by name, then id, also through equal names, and can be of one type', async () => {
    const rules = [
      await createProgression(client, LINEAR, 'B'),
      await createProgression(client, DELOAD, 'B'),
      await createProgression(client, LINEAR, 'B'),
      await createProgression(client, LINEAR, 'A'),
    ];
    const [b1, deload, b2, a] = rules.map(({ id }) => id);

    const list = async (type: ProgressionType) => {
      const ids: string[] = [];
      let pageToken = '';
      do {
        const page = await client.programs.listProgressions({ type, pageSize: 1, pageToken });
        ids.push(...page.progressions.map(({ id }) => id));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      return ids;
    };

    expect(await list(ProgressionType.UNSPECIFIED)).toEqual([a, ...[b1, deload, b2].toSorted()]);
    expect(await list(ProgressionType.LINEAR_PROGRESSION)).toEqual([a, ...[b1, b2].toSorted()]);
    expect(await list(ProgressionType.CYCLE_PROGRESSION)).toEqual([]);
  });

  it('refuses a page token of another type', async () => {
    await createProgression(client);
    await createProgression(client);
    const { nextPageToken } = await client.programs.listProgressions({ pageSize: 1 });
    const call = client.programs.listProgressions({ type: 1, pageToken: nextPageToken });
    await expectRefusal(call, 'PAGE_TOKEN_INVALID');
  });
});
