/** UpdateProgram over the wire. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import {
  EnrollmentStatus,
  type Program,
  WeightUnit,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import { instantFromText } from '../../../src/values/instant.ts';
import { type CatalogClient, createCatalogClient, expectRefusal } from '../../support/catalog-client.ts';
import {
  auditOf,
  createLifts,
  createProgram,
  createProgression,
  placeRule,
  present,
  revisionOf,
} from '../../support/catalog-fixtures.ts';
import { createProgressionClient } from '../../support/progression-client.ts';
import { TEST_ACTOR } from '../../support/service-transport.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: CatalogClient;
let lifts: Record<'squat' | 'bench' | 'row', string>;
let program: Program;
beforeAll(async () => {});
beforeEach(async () => {
  client = createCatalogClient(db.database);
  lifts = await createLifts(client, 'squat', 'bench', 'row');
  program = await createProgram(client, {
    slug: 'novice',
    name: 'Novice',
    description: 'A start',
    source: 'A coach',
    unit: WeightUnit.KILOGRAM,
    weeksPerCycle: 4,
    sessionsPerWeek: 2,
    liftIds: [lifts.squat, lifts.bench],
    days: [{ slug: 'a', liftIds: [lifts.squat] }],
  });
});

function slugsOf({ lifts: own }: Program): string[] {
  return own.map(({ slug }) => slug);
}

it('UpdateProgram keeps the fields that the request leaves empty, and increments the revision', async () => {
  const before = await revisionOf(db.database, client, program.id);
  const updated = await client.programs.updateProgram({ programId: program.id });

  expect(updated.program).toEqual(program);
  expect(await revisionOf(db.database, client, program.id)).toBe(before + 1);
});

it('UpdateProgram replaces the fields that the request sets', async () => {
  const later = createCatalogClient(db.database, {
    accountId: client.accountId,
    clock: () => instantFromText('2026-03-02T00:00:00Z'),
  });
  const updated = await later.programs.updateProgram({
    programId: program.id,
    slug: 'veteran',
    name: 'Veteran',
    description: '',
    source: 'Another coach',
    unit: WeightUnit.POUND,
    weeksPerCycle: 3,
    sessionsPerWeek: 5,
    replaceLifts: true,
    liftIds: [lifts.row, lifts.squat],
    replaceDays: true,
    days: [
      { slug: 'b', liftIds: [lifts.row] },
      { slug: 'c', liftIds: [] },
    ],
  });

  expect(updated.program).toMatchObject({
    ...{ id: program.id, slug: 'veteran', name: 'Veteran', description: '', source: 'Another coach' },
    ...{ unit: WeightUnit.POUND, weeksPerCycle: 3, sessionsPerWeek: 5 },
    ...{ createdAt: program.createdAt, updatedAt: { seconds: 1772409600n } },
  });
  expect(slugsOf(present(updated.program))).toEqual(['row', 'squat']);
  expect(updated.program?.days.map(({ slug, liftIds }) => [slug, liftIds])).toEqual([
    ['b', [lifts.row]],
    ['c', []],
  ]);
  const read = await client.programs.getProgram({ programId: program.id });
  expect(read.program).toEqual(updated.program);
});

it('UpdateProgram keeps lists that the request does not replace', async () => {
  const updated = await client.programs.updateProgram({
    programId: program.id,
    liftIds: [lifts.row],
    days: [{ slug: 'z' }],
  });
  expect(slugsOf(present(updated.program))).toEqual(['squat', 'bench']);
  expect(updated.program?.days).toEqual(program.days);
});

it('UpdateProgram refuses slugs that are taken, and lifts that do not exist', async () => {
  await createProgram(client, { slug: 'taken' });
  const missing = '01900000-0000-7000-8000-00000000dead';
  const programId = program.id;

  await expectRefusal(client.programs.updateProgram({ programId, slug: 'taken' }), 'SLUG_TAKEN');
  await expectRefusal(
    client.programs.updateProgram({ programId, replaceLifts: true, liftIds: [missing] }),
    'LIFT_NOT_FOUND',
  );
  await expectRefusal(client.programs.updateProgram({ programId: missing, name: 'X' }), 'PROGRAM_NOT_FOUND');
});

it('UpdateProgram refuses days of lifts that the program lacks', async () => {
  const days = [{ slug: 'a', liftIds: [lifts.squat, lifts.row] }];
  const call = client.programs.updateProgram({ programId: program.id, replaceDays: true, days });
  await expectRefusal(call, 'LIFT_NOT_IN_PROGRAM', ['days[0].lift_ids[1]']);
});

it('UpdateProgram keeps lifts that a day still trains', async () => {
  const programId = program.id;
  const withoutSquat = { programId, replaceLifts: true, liftIds: [lifts.bench] };

  await expectRefusal(client.programs.updateProgram(withoutSquat), 'IN_USE');
  const updated = await client.programs.updateProgram({ ...withoutSquat, replaceDays: true });

  expect(slugsOf(present(updated.program))).toEqual(['bench']);
});

it('UpdateProgram keeps lifts that a rule row names', async () => {
  const programId = program.id;
  const progression = await createProgression(client);
  const row = await placeRule(client, { programId, progressionId: progression.id, liftId: lifts.bench });
  const withoutBench = { programId, replaceLifts: true, liftIds: [lifts.squat] };

  await expectRefusal(client.programs.updateProgram(withoutBench), 'IN_USE');
  await client.programs.deleteProgramProgression({ programProgressionId: row.id });
  const updated = await client.programs.updateProgram(withoutBench);

  expect(slugsOf(present(updated.program))).toEqual(['squat']);
});

it('UpdateProgram is audited with actor, state before and state after', async () => {
  await client.programs.updateProgram({ programId: program.id, name: 'Veteran', replaceDays: true });

  const [, change] = await auditOf(db.database, client, program.id);

  expect(change).toMatchObject({ action: 'UpdateProgram', actor: TEST_ACTOR, target_type: 'program' });
  expect(change?.before).toMatchObject({ name: 'Novice', days: [{ slug: 'a', liftIds: [lifts.squat] }] });
  expect(change?.after).toEqual({ ...change?.before, name: 'Veteran', days: [] });
});

describe('the unit of a program', () => {
  async function enrollAthlete(unit: WeightUnit): Promise<string> {
    const { user } = await client.users.createUser({ name: 'An athlete' });
    const userId = present(user).id;
    const progression = createProgressionClient(db.database, { accountId: client.accountId });
    const max = { userId, liftId: lifts.squat, maxType: MaxType.TRAINING_MAX, value: '100', unit };
    await progression.setLiftMax(max);
    return userId;
  }

  it('does not change while athletes are ACTIVE on it', async () => {
    const userId = await enrollAthlete(WeightUnit.KILOGRAM);
    await client.programs.enrollUser({ userId, programId: program.id });
    const change = { programId: program.id, unit: WeightUnit.POUND };

    const error = await expectRefusal(client.programs.updateProgram(change), 'UNIT_MISMATCH');
    expect(error.message).toContain('ACTIVE on it (1)');
    const { program: kept } = await client.programs.getProgram({ programId: program.id });
    expect(kept?.unit).toBe(WeightUnit.KILOGRAM);
    await client.programs.updateProgram({
      programId: program.id,
      unit: WeightUnit.KILOGRAM,
      name: 'Same unit',
    });

    await client.programs.unenrollUser({ userId, status: EnrollmentStatus.PAUSED });
    await client.programs.updateProgram(change);
    await expectRefusal(client.programs.enrollUser({ userId, programId: program.id }), 'UNIT_MISMATCH');
  });

  it('may be given to a program that had none when it is that of its athletes', async () => {
    const untold = await createProgram(client, { slug: 'untold', liftIds: [lifts.squat] });
    const userId = await enrollAthlete(WeightUnit.POUND);
    await client.programs.enrollUser({ userId, programId: untold.id });

    await expectRefusal(
      client.programs.updateProgram({ programId: untold.id, unit: WeightUnit.KILOGRAM }),
      'UNIT_MISMATCH',
    );
    const { program: told } = await client.programs.updateProgram({
      programId: untold.id,
      unit: WeightUnit.POUND,
    });
    expect(told?.unit).toBe(WeightUnit.POUND);
  });
});
