/** Program progressions over the wire. */
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Program, Progression } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { type CatalogClient, createCatalogClient, expectRefusal } from '../../support/catalog-client.ts';
import {
  auditOf,
  createLifts,
  createProgram,
  createProgression,
  DELOAD,
  LINEAR,
  placeRule,
  present,
  revisionOf,
  waitingSessions,
} from '../../support/catalog-fixtures.ts';
import { TEST_ACTOR } from '../../support/service-transport.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: CatalogClient;
let lifts: Record<'squat' | 'bench' | 'row', string>;
let program: Program;
let linear: Progression;
beforeAll(async () => {});
beforeEach(async () => {
  client = createCatalogClient(db.database);
  lifts = await createLifts(client, 'squat', 'bench', 'row');
  program = await createProgram(client, { liftIds: [lifts.squat, lifts.bench] });
  linear = await createProgression(client, LINEAR);
});

const MISSING = '01900000-0000-7000-8000-00000000dead';

describe('a program progression', () => {
  it('is by default for every lift, enabled and without an override', async () => {
    const plain = await placeRule(client, { programId: program.id, progressionId: linear.id, priority: 7 });
    const special = await placeRule(client, {
      programId: program.id,
      progressionId: linear.id,
      liftId: lifts.squat,
      priority: -1,
      enabled: false,
      overrideIncrement: '5.50',
    });

    const common = { programId: program.id, progressionId: linear.id };
    expect(plain).toMatchObject({ ...common, liftId: '', priority: 7, enabled: true, overrideIncrement: '' });
    expect(special).toMatchObject({ ...common, liftId: lifts.squat, priority: -1, enabled: false });
    expect(special.overrideIncrement).toBe('5.5');
    for (const row of [plain, special]) {
      const read = await client.programs.getProgramProgression({ programProgressionId: row.id });
      expect(read.programProgression).toEqual(row);
    }
  });

  it('must name an existing program and rule, and a lift of the program', async () => {
    const ids = { programId: program.id, progressionId: linear.id };
    const place = (request: object) => client.programs.createProgramProgression({ ...ids, ...request });
    const deleted = await createProgression(client);
    await client.programs.deleteProgression({ progressionId: deleted.id });

    await expectRefusal(place({ programId: MISSING }), 'PROGRAM_NOT_FOUND');
    await expectRefusal(place({ progressionId: MISSING }), 'PROGRESSION_NOT_FOUND');
    await expectRefusal(place({ progressionId: deleted.id }), 'PROGRESSION_NOT_FOUND');
    await expectRefusal(place({ liftId: MISSING }), 'LIFT_NOT_FOUND');
    await expectRefusal(place({ liftId: lifts.row }), 'LIFT_NOT_IN_PROGRAM');
  });

  it('exists at most once for a lift, and once for all lifts', async () => {
    const ids = { programId: program.id, progressionId: linear.id };
    await placeRule(client, ids);
    await placeRule(client, { ...ids, liftId: lifts.squat });

    await expectRefusal(client.programs.createProgramProgression(ids), 'PROGRAM_PROGRESSION_EXISTS');
    const again = { ...ids, liftId: lifts.squat };
    await expectRefusal(client.programs.createProgramProgression(again), 'PROGRAM_PROGRESSION_EXISTS');
  });

  it.each(['0', '-2.5', '0.000000'])('cannot have an override of %s', async (overrideIncrement) => {
    const ids = { programId: program.id, progressionId: linear.id };
    const row = await placeRule(client, ids);
    const create = client.programs.createProgramProgression({ ...ids, overrideIncrement });
    await expectRefusal(create, 'VALIDATION_FAILED', ['override_increment']);
    const request = { programProgressionId: row.id, overrideIncrement };
    await expectRefusal(client.programs.updateProgramProgression(request), 'VALIDATION_FAILED', [
      'override_increment',
    ]);
  });

  it('can have an override only when its rule has an increment', async () => {
    const deload = await createProgression(client, DELOAD);
    const ids = { programId: program.id, progressionId: deload.id };
    const create = client.programs.createProgramProgression({ ...ids, overrideIncrement: '5' });
    await expectRefusal(create, 'VALIDATION_FAILED', ['override_increment']);
    const row = await placeRule(client, ids);
    const request = { programProgressionId: row.id, overrideIncrement: '5' };
    await expectRefusal(client.programs.updateProgramProgression(request), 'VALIDATION_FAILED', [
      'override_increment',
    ]);
  });

  it('changes the fields that an update sets, and keeps the rest', async () => {
    const row = await placeRule(client, { programId: program.id, progressionId: linear.id, priority: 3 });
    const update = async (request: object) =>
      present(
        (await client.programs.updateProgramProgression({ programProgressionId: row.id, ...request }))
          .programProgression,
      );

    expect(await update({})).toEqual(row);
    expect(await update({ enabled: false })).toEqual({ ...row, enabled: false });
    expect(await update({ overrideIncrement: '5' })).toMatchObject({
      enabled: false,
      overrideIncrement: '5',
    });
    expect(await update({ priority: 0 })).toMatchObject({ priority: 0, overrideIncrement: '5' });
    expect(await update({ overrideIncrement: '', enabled: true })).toEqual({ ...row, priority: 0 });
    const read = await client.programs.getProgramProgression({ programProgressionId: row.id });
    expect(read.programProgression).toEqual({ ...row, priority: 0 });
  });

  it('is not found after its deletion, and its rule stays', async () => {
    const row = await placeRule(client, { programId: program.id, progressionId: linear.id });
    const programProgressionId = row.id;

    await client.programs.deleteProgramProgression({ programProgressionId });

    const calls = [
      client.programs.getProgramProgression({ programProgressionId }),
      client.programs.updateProgramProgression({ programProgressionId, enabled: false }),
      client.programs.deleteProgramProgression({ programProgressionId }),
    ];
    await Promise.all(calls.map((call) => expectRefusal(call, 'PROGRAM_PROGRESSION_NOT_FOUND')));
    await client.programs.deleteProgression({ progressionId: linear.id });
  });

  it('does not exist for another account', async () => {
    const row = await placeRule(client, { programId: program.id, progressionId: linear.id });
    const { programs } = createCatalogClient(db.database);
    const call = programs.getProgramProgression({ programProgressionId: row.id });
    await expectRefusal(call, 'PROGRAM_PROGRESSION_NOT_FOUND');
    const own = await createProgram(createCatalogClient(db.database));
    await expectRefusal(programs.listProgramProgressions({ programId: own.id }), 'PROGRAM_NOT_FOUND');
  });

  it('increments the revision of its program with every change', async () => {
    const revisions = [await revisionOf(db.database, client, program.id)];
    const note = async () => revisions.push(await revisionOf(db.database, client, program.id));

    const row = await placeRule(client, { programId: program.id, progressionId: linear.id });
    await note();
    await client.programs.updateProgramProgression({ programProgressionId: row.id, enabled: false });
    await note();
    await client.programs.deleteProgramProgression({ programProgressionId: row.id });
    await note();

    expect(revisions).toEqual([1, 2, 3, 4]);
  });

  it('is changed or deleted in one order when both come at the same time', async () => {
    const { id } = await placeRule(client, { programId: program.id, progressionId: linear.id });

    const [deleted, updated] = await Promise.allSettled([
      client.programs.deleteProgramProgression({ programProgressionId: id }),
      client.programs.updateProgramProgression({ programProgressionId: id, priority: 9 }),
    ]);

    expect(deleted.status).toBe('fulfilled');
    const trail = (await auditOf(db.database, client, id)).map(({ action }) => action);
    expect(trail.toSorted()).toEqual(
      updated.status === 'fulfilled'
        ? ['CreateProgramProgression', 'DeleteProgramProgression', 'UpdateProgramProgression']
        : ['CreateProgramProgression', 'DeleteProgramProgression'],
    );
  });

  it('is created after a concurrent change of its rule, so that a revision has one state of the rule', async () => {
    const { accountId } = client;
    const other = await createProgram(client, { slug: 'other' });
    await placeRule(client, { programId: program.id, progressionId: linear.id });

    const { changed, placed } = await db.database.transaction(accountId, async (tx) => {
      await sql`select id from programs where id = ${program.id} for update`.execute(tx.sql);
      const changing = client.programs.updateProgression({ progressionId: linear.id, name: 'Changed' });
      await expect.poll(() => waitingSessions(db.database)).toBe(1);
      const placing = placeRule(client, { programId: other.id, progressionId: linear.id });
      await expect.poll(() => waitingSessions(db.database)).toBe(2);
      return { changed: changing, placed: placing };
    });

    await Promise.all([changed, placed]);
    expect(await revisionOf(db.database, client, other.id)).toBe(2);
  });

  it('is audited with actor, state before and state after', async () => {
    const { id } = await placeRule(client, { programId: program.id, progressionId: linear.id });
    await client.programs.updateProgramProgression({ programProgressionId: id, overrideIncrement: '5' });
    await client.programs.deleteProgramProgression({ programProgressionId: id });

    const trail = await auditOf(db.database, client, id);

    const common = { actor: TEST_ACTOR, target_type: 'program_progression' };
    const row = {
      ...{ programId: program.id, progressionId: linear.id, liftId: null, priority: 0, enabled: true },
      overrideIncrement: null,
    };
    const changed = { ...row, overrideIncrement: '5' };
    expect(trail).toEqual([
      { ...common, action: 'CreateProgramProgression', before: null, after: row },
      { ...common, action: 'UpdateProgramProgression', before: row, after: changed },
      { ...common, action: 'DeleteProgramProgression', before: changed, after: null },
    ]);
  });
});

describe('the list of program progressions', () => {
  it('has the order in which the rules apply: by priority, ties by id', async () => {
    const deload = await createProgression(client, DELOAD);
    const programId = program.id;
    const placed = [
      await placeRule(client, { programId, progressionId: linear.id, priority: 20 }),
      await placeRule(client, { programId, progressionId: linear.id, liftId: lifts.squat, priority: 20 }),
      await placeRule(client, { programId, progressionId: deload.id, priority: -10 }),
      await placeRule(client, { programId, progressionId: linear.id, liftId: lifts.bench, priority: 20 }),
    ];
    const [first, second, lowest, third] = placed.map(({ id }) => id);

    const ids: string[] = [];
    let pageToken = '';
    do {
      const page = await client.programs.listProgramProgressions({ programId, pageSize: 1, pageToken });
      ids.push(...page.programProgressions.map(({ id }) => id));
      expect(page.totalSize).toBe(4);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');

    expect(ids).toEqual([lowest, ...[first, second, third].toSorted()]);
  });

  it('refuses a page token of another program', async () => {
    const other = await createProgram(client, { slug: 'other', liftIds: [lifts.squat] });
    await placeRule(client, { programId: program.id, progressionId: linear.id });
    await placeRule(client, { programId: program.id, progressionId: linear.id, liftId: lifts.squat });
    const { nextPageToken } = await client.programs.listProgramProgressions({
      programId: program.id,
      pageSize: 1,
    });
    const call = client.programs.listProgramProgressions({ programId: other.id, pageToken: nextPageToken });
    await expectRefusal(call, 'PAGE_TOKEN_INVALID');
  });

  it('is refused for a program that does not exist', async () => {
    const call = client.programs.listProgramProgressions({ programId: MISSING });
    await expectRefusal(call, 'PROGRAM_NOT_FOUND');
  });
});
