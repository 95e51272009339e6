/** CopyProgram and ListCatalogPrograms over the wire. */
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CATALOG_PROGRAMS } from '../../../src/catalog/canonical/catalog.ts';
import { WeightUnit } from '../../../src/gen/progression/v1/program_service_pb.ts';
import type { Transaction } from '../../../src/store/database.ts';
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
  waitingSessions,
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

function copyOf(programId: string, names: { slug?: string; name?: string } = {}) {
  return client.programs.copyProgram({ from: { case: 'programId', value: programId }, ...names });
}

function copyOfCatalog(catalogSlug: string, names: { slug?: string; name?: string } = {}) {
  return client.programs.copyProgram({ from: { case: 'catalogSlug', value: catalogSlug }, ...names });
}

describe('a copy of a program of the account', () => {
  async function createOriginal() {
    const { squat, bench } = await createLifts(client, 'squat', 'bench');
    const program = await createProgram(client, {
      ...{ slug: 'original', name: 'Original', description: 'D', source: 'S', unit: WeightUnit.POUND },
      ...{ weeksPerCycle: 3, sessionsPerWeek: 4, liftIds: [bench, squat] },
      days: [{ slug: 'a', liftIds: [squat, bench] }],
    });
    const linear = await createProgression(client, LINEAR, 'Linear');
    const deload = await createProgression(client, DELOAD, 'Deload');
    const programId = program.id;
    await placeRule(client, { programId, progressionId: linear.id, priority: 20 });
    await placeRule(client, {
      ...{ programId, progressionId: linear.id, liftId: squat, priority: 20, overrideIncrement: '5' },
    });
    await placeRule(client, { programId, progressionId: deload.id, priority: 10, enabled: false });
    return { program, linear, deload, squat };
  }

  it('has the same content except slug and name, with the same lifts', async () => {
    const { program } = await createOriginal();

    const copy = await copyOf(program.id, { slug: 'copy', name: 'Copy' });

    expect(copy.program).toEqual({ ...program, id: copy.program?.id, slug: 'copy', name: 'Copy' });
    expect(copy.program?.id).not.toBe(program.id);
    const read = await client.programs.getProgram({ programId: present(copy.program).id });
    expect(read.program).toEqual(copy.program);
  });

  it("keeps the original's name when it is given none", async () => {
    const { program } = await createOriginal();
    const copy = await copyOf(program.id, { slug: 'copy' });
    expect(copy.program?.name).toBe('Original');
  });

  it("has the original's rules as new rules, one for each, in the same places", async () => {
    const { program, linear, deload, squat } = await createOriginal();

    const copy = await copyOf(program.id, { slug: 'copy' });

    const [first, ...others] = copy.programProgressions;
    expect(first).toMatchObject({ priority: 10, enabled: false, liftId: '', overrideIncrement: '' });
    expect(new Set(others.map(({ liftId, overrideIncrement }) => `${liftId} ${overrideIncrement}`))).toEqual(
      new Set([' ', `${squat} 5`]),
    );
    const ruleIds = new Set(copy.programProgressions.map(({ progressionId }) => progressionId));
    expect(ruleIds.size).toBe(2);
    expect(ruleIds).not.toContain(linear.id);
    expect(ruleIds).not.toContain(deload.id);
    const copied = await client.programs.getProgression({ progressionId: first?.progressionId ?? '' });
    expect(copied.progression).toMatchObject({ name: 'Deload', parameters: deload.parameters });
    const listed = await client.programs.listProgramProgressions({ programId: present(copy.program).id });
    expect(listed.programProgressions).toEqual(copy.programProgressions);
  });

  it('is independent of the original', async () => {
    const { program, linear } = await createOriginal();
    const copy = await copyOf(program.id, { slug: 'copy' });

    await client.programs.updateProgression({ progressionId: linear.id, name: 'Changed' });
    await client.programs.updateProgram({ programId: program.id, replaceDays: true });
    const copiedRule = copy.programProgressions[1]?.progressionId ?? '';
    await client.programs.updateProgression({ progressionId: copiedRule, name: 'Of the copy' });

    const read = await client.programs.getProgram({ programId: present(copy.program).id });
    expect(read.program).toEqual(copy.program);
    const names = await Promise.all(
      [linear.id, copiedRule].map(async (progressionId) => {
        const { progression } = await client.programs.getProgression({ progressionId });
        return progression?.name;
      }),
    );
    expect(names).toEqual(['Changed', 'Of the copy']);
  });

  it('may be of a program without lifts and rules', async () => {
    const { id } = await createProgram(client, { slug: 'empty' });
    const copy = await copyOf(id, { slug: 'copy' });
    expect(copy.program).toMatchObject({ slug: 'copy', lifts: [], days: [] });
    expect(copy.programProgressions).toEqual([]);
  });

  it('needs a slug of its own, and an original of the account', async () => {
    const { id } = await createProgram(client, { slug: 'original' });
    const other = createCatalogClient(db.database);

    await expectRefusal(copyOf(id), 'SLUG_TAKEN');
    await expectRefusal(copyOf(MISSING), 'PROGRAM_NOT_FOUND');
    const call = other.programs.copyProgram({ from: { case: 'programId', value: id } });
    await expectRefusal(call, 'PROGRAM_NOT_FOUND');
    await expectRefusal(client.programs.copyProgram({}), 'VALIDATION_FAILED', ['from']);
  });

  it('is audited with its actor and its original', async () => {
    const { program } = await createOriginal();
    const copy = await copyOf(program.id, { slug: 'copy' });

    const trail = await auditOf(db.database, client, present(copy.program).id);

    expect(trail).toHaveLength(1);
    expect(trail[0]).toMatchObject({ action: 'CopyProgram', actor: TEST_ACTOR, before: null });
    expect(trail[0]?.after).toMatchObject({ slug: 'copy', copyOf: program.id });
    expect(trail[0]?.after?.rules).toHaveLength(3);
  });
});

describe('a copy of a program of the catalogue', () => {
  it.each(CATALOG_PROGRAMS.map(({ slug }) => slug))('has the content of %s', async (slug) => {
    const original = present(CATALOG_PROGRAMS.find((program) => program.slug === slug));

    const { program, programProgressions } = await copyOfCatalog(slug);

    expect(program).toMatchObject({
      ...{ slug, name: original.name, description: original.description, source: original.source },
      ...{ weeksPerCycle: original.weeksPerCycle, sessionsPerWeek: original.sessionsPerWeek },
    });
    expect(program?.lifts.map((lift) => ({ slug: lift.slug, name: lift.name }))).toEqual(original.lifts);
    const slugs = new Map(program?.lifts.map((lift) => [lift.id, lift.slug]));
    const days = program?.days.map((day) => ({
      slug: day.slug,
      liftSlugs: day.liftIds.map((id) => slugs.get(id)),
      prescribed: day.prescriptions.map(({ liftId, groups }) => [slugs.get(liftId), groups.length]),
    }));
    expect(days).toEqual(
      original.days.map(({ prescriptions = [], ...day }) => ({
        ...day,
        prescribed: prescriptions.map(({ liftSlug, groups }) => [liftSlug, groups.length]),
      })),
    );
    expect(programProgressions).toHaveLength(original.rules.flatMap(({ places }) => places).length);
  });

  it('uses the lifts that the account has, and creates the missing ones', async () => {
    const { squat } = await createLifts(client, 'squat');

    const { program } = await copyOfCatalog('sheiko');
    await copyOfCatalog('texas-method-kg');

    expect(program?.lifts.find(({ slug }) => slug === 'squat')).toMatchObject({
      id: squat,
      name: 'The squat',
    });
    const { lifts } = await client.programs.listLifts({});
    expect(lifts.map(({ slug }) => slug)).toEqual([
      'bench-press',
      'deadlift',
      'overhead-press',
      'power-clean',
      'squat',
    ]);
  });

  it('creates each missing lift once when many copies are made at the same time', async () => {
    const copies = await Promise.all(CATALOG_PROGRAMS.map(({ slug }) => copyOfCatalog(slug)));
    const { totalSize } = await client.programs.listLifts({});
    const made = copies.flatMap(({ program }) => program?.lifts.map(({ id }) => id));
    expect(totalSize).toBe(new Set(made).size);
  });

  it('creates missing lifts in one order, so that two copies cannot deadlock', async () => {
    const { accountId } = client;
    await db.database.ensureAccount(accountId);
    const insertLift = (tx: Transaction, slug: string) =>
      sql`insert into lifts (account_id, id, slug, name)
        values (${accountId}, gen_random_uuid(), ${slug}, ${slug})`.execute(tx.sql);

    const copy = await db.database.transaction(accountId, async (tx) => {
      await insertLift(tx, 'bench-press');
      const waiting = copyOfCatalog('sheiko');
      await expect.poll(() => waitingSessions(db.database)).toBe(1);
      await insertLift(tx, 'squat');
      return { waiting };
    });

    const { program } = await copy.waiting;
    expect(program?.lifts.map(({ name }) => name).toSorted()).toEqual(['Deadlift', 'bench-press', 'squat']);
  });

  it('may have another slug and name, and needs a slug that is free', async () => {
    await copyOfCatalog('sheiko');
    await expectRefusal(copyOfCatalog('sheiko'), 'SLUG_TAKEN');
    const { program } = await copyOfCatalog('sheiko', { slug: 'my-sheiko', name: 'My Sheiko' });
    expect(program).toMatchObject({ slug: 'my-sheiko', name: 'My Sheiko' });
  });

  it('is refused for a program that the catalogue does not have', async () => {
    await expectRefusal(copyOfCatalog('no-such-program'), 'CATALOG_PROGRAM_NOT_FOUND');
  });
});

describe('the list of the catalogue', () => {
  it('has every program with its lifts and its unit', async () => {
    const { programs } = await client.programs.listCatalogPrograms({});

    expect(programs.map(({ slug }) => slug)).toEqual(CATALOG_PROGRAMS.map(({ slug }) => slug));
    const stronglifts = programs.find(({ slug }) => slug === 'stronglifts-5x5-kg');
    expect(stronglifts).toMatchObject({
      ...{ name: 'StrongLifts 5x5 (kg)', unit: WeightUnit.KILOGRAM, weeksPerCycle: 1, sessionsPerWeek: 3 },
      liftSlugs: ['squat', 'bench-press', 'barbell-row', 'overhead-press', 'deadlift'],
    });
    expect(programs.find(({ slug }) => slug === 'sheiko')?.unit).toBe(WeightUnit.UNSPECIFIED);
  });
});
