/** Programs over the wire: created, read, listed and deleted. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WeightUnit } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { type CatalogClient, createCatalogClient, expectRefusal } from '../../support/catalog-client.ts';
import {
  auditOf,
  createLifts,
  createProgram,
  createProgression,
  createUser,
  placeRule,
} from '../../support/catalog-fixtures.ts';
import { TEST_ACTOR } from '../../support/service-transport.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: CatalogClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createCatalogClient(db.database);
});

const MISSING = '01900000-0000-7000-8000-00000000dead';

describe('a program', () => {
  it('is read as it was created, with its lifts and days in order', async () => {
    const { squat, bench, row } = await createLifts(client, 'squat', 'bench', 'row');
    const created = await createProgram(client, {
      slug: 'novice',
      name: 'Novice',
      description: 'A start',
      source: 'A coach',
      unit: WeightUnit.KILOGRAM,
      weeksPerCycle: 4,
      sessionsPerWeek: 3,
      liftIds: [row, squat, bench],
      days: [
        { slug: 'day-b', liftIds: [squat, row] },
        { slug: 'day-a', liftIds: [bench] },
      ],
    });

    const { program } = await client.programs.getProgram({ programId: created.id });

    expect(program).toEqual(created);
    expect(program).toMatchObject({
      ...{ slug: 'novice', name: 'Novice', description: 'A start', source: 'A coach', unit: 1 },
      ...{ weeksPerCycle: 4, sessionsPerWeek: 3 },
    });
    expect(program?.lifts.map(({ slug }) => slug)).toEqual(['row', 'squat', 'bench']);
    expect(program?.days.map(({ slug, liftIds }) => [slug, liftIds])).toEqual([
      ['day-b', [squat, row]],
      ['day-a', [bench]],
    ]);
  });

  it('has by default cycles of one week and as many sessions a week as days', async () => {
    const empty = await createProgram(client, { slug: 'empty' });
    const days = await createProgram(client, {
      slug: 'days',
      days: [{ slug: 'a' }, { slug: 'b' }, { slug: 'c' }],
    });

    expect([empty.weeksPerCycle, empty.sessionsPerWeek, empty.unit]).toEqual([1, 1, 0]);
    expect([days.weeksPerCycle, days.sessionsPerWeek]).toEqual([1, 3]);
  });

  it('has a slug that no other live program of the account has', async () => {
    const { id } = await createProgram(client, { slug: 'novice' });

    await expectRefusal(client.programs.createProgram({ slug: 'novice', name: 'Other' }), 'SLUG_TAKEN');
    await client.programs.deleteProgram({ programId: id });
    await createProgram(client, { slug: 'novice' });
    await createProgram(createCatalogClient(db.database), { slug: 'novice' });
  });

  it('must have existing lifts, each once', async () => {
    const { squat } = await createLifts(client, 'squat');
    const create = (liftIds: string[]) => client.programs.createProgram({ slug: 'p', name: 'P', liftIds });

    await expectRefusal(create([squat, MISSING]), 'LIFT_NOT_FOUND');
    await expectRefusal(create([squat, squat.toUpperCase()]), 'VALIDATION_FAILED', ['lift_ids[1]']);
    expect((await client.programs.listPrograms({})).totalSize).toBe(0);
  });

  it('is refused with every lift on its days that it does not contain', async () => {
    const { squat, bench } = await createLifts(client, 'squat', 'bench');
    const call = client.programs.createProgram({
      slug: 'p',
      name: 'P',
      liftIds: [squat],
      days: [{ slug: 'a', liftIds: [squat, bench] }, { slug: 'b' }, { slug: 'c', liftIds: [MISSING] }],
    });
    await expectRefusal(call, 'LIFT_NOT_IN_PROGRAM', ['days[0].lift_ids[1]', 'days[2].lift_ids[0]']);
  });

  it('has ids in lower case, whatever case it was created with', async () => {
    const { squat } = await createLifts(client, 'squat');
    const upper = squat.toUpperCase();

    const program = await createProgram(client, {
      liftIds: [upper],
      days: [{ slug: 'a', liftIds: [upper] }],
    });

    expect(program.lifts.map(({ id }) => id)).toEqual([squat]);
    expect(program.days[0]?.liftIds).toEqual([squat]);
    const read = await client.programs.getProgram({ programId: program.id.toUpperCase() });
    expect(read.program).toEqual(program);
  });

  it('is not found after its deletion, nor are its rows', async () => {
    const { id } = await createProgram(client);
    const rule = await createProgression(client);
    const row = await placeRule(client, { programId: id, progressionId: rule.id });

    await client.programs.deleteProgram({ programId: id });

    const userId = await createUser(client);
    const calls = [
      client.programs.getProgram({ programId: id }),
      client.programs.updateProgram({ programId: id, name: 'Again' }),
      client.programs.deleteProgram({ programId: id }),
      client.programs.copyProgram({ from: { case: 'programId', value: id } }),
      client.programs.listProgramProgressions({ programId: id }),
      client.programs.createProgramProgression({ programId: id, progressionId: rule.id }),
      client.programs.enrollUser({ userId, programId: id }),
    ];
    await Promise.all(calls.map((call) => expectRefusal(call, 'PROGRAM_NOT_FOUND')));
    const read = client.programs.getProgramProgression({ programProgressionId: row.id });
    await expectRefusal(read, 'PROGRAM_PROGRESSION_NOT_FOUND');
  });

  it('does not exist for another account', async () => {
    const { id } = await createProgram(client);
    const other = createCatalogClient(db.database);

    await expectRefusal(other.programs.getProgram({ programId: id }), 'PROGRAM_NOT_FOUND');
    await expectRefusal(other.programs.deleteProgram({ programId: id }), 'PROGRAM_NOT_FOUND');
  });

  it('cannot be deleted while an athlete is ACTIVE or PAUSED on it', async () => {
    const { id } = await createProgram(client);
    const userId = await createUser(client);
    const remove = () => client.programs.deleteProgram({ programId: id });

    await client.programs.enrollUser({ userId, programId: id });
    await expectRefusal(remove(), 'IN_USE');
    await client.programs.unenrollUser({ userId, status: 2 });
    await expectRefusal(remove(), 'IN_USE');
    await client.programs.enrollUser({ userId, programId: id });
    await client.programs.unenrollUser({ userId, status: 4 });
    await remove();
  });

  it('accepts no enrollment while it is being deleted', async () => {
    const { id } = await createProgram(client);
    const userId = await createUser(client);

    const [deleted, enrolled] = await Promise.allSettled([
      client.programs.deleteProgram({ programId: id }),
      client.programs.enrollUser({ userId, programId: id }),
    ]);

    expect([deleted.status, enrolled.status].toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('is audited with the actors of its creation and deletion', async () => {
    const { squat } = await createLifts(client, 'squat');
    const { id } = await createProgram(client, { slug: 'p', name: 'P', liftIds: [squat] });
    await client.programs.deleteProgram({ programId: id });

    const trail = await auditOf(db.database, client, id);

    const common = { actor: TEST_ACTOR, target_type: 'program' };
    const program = {
      ...{
        slug: 'p',
        name: 'P',
        description: '',
        source: '',
        unit: '',
        weeksPerCycle: 1,
        sessionsPerWeek: 1,
      },
      ...{ days: [], loadStep: null, trainingMaxPercent: null, liftIds: [squat] },
    };
    expect(trail).toEqual([
      { ...common, action: 'CreateProgram', before: null, after: program },
      { ...common, action: 'DeleteProgram', before: program, after: null },
    ]);
  });
});

describe('the list of programs', () => {
  it('is ordered by slug, page by page, each program with its own lifts', async () => {
    const { squat, bench } = await createLifts(client, 'squat', 'bench');
    await createProgram(client, { slug: 'c', liftIds: [squat] });
    await createProgram(client, { slug: 'a', liftIds: [bench, squat] });
    await createProgram(client, { slug: 'b' });

    const first = await client.programs.listPrograms({ pageSize: 2 });
    const second = await client.programs.listPrograms({ pageSize: 2, pageToken: first.nextPageToken });

    const programs = [...first.programs, ...second.programs];
    expect(programs.map(({ slug, lifts }) => [slug, lifts.map((lift) => lift.slug)])).toEqual([
      ['a', ['bench', 'squat']],
      ['b', []],
      ['c', ['squat']],
    ]);
    expect([first.totalSize, second.totalSize, second.nextPageToken]).toEqual([3, 3, '']);
  });
});
