/** Every fact that the service emits is an event of the catalogue, with fields of its type. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { builtInEventType, EVENT_TYPES } from '../../../src/automation/event-types/event-types.ts';
import { validateEventData } from '../../../src/automation/event-types/validate-event-data.ts';
import { readConfig } from '../../../src/config/config.ts';
import type { JsonObject } from '../../../src/filters/filter.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import { EnrollmentStatus, WeightUnit } from '../../../src/gen/progression/v1/program_service_pb.ts';
import type { Fact } from '../../../src/store/entities/outbox-entry.ts';
import { createCatalogClient } from '../../support/catalog-client.ts';
import { amrap, cycle, deload, linear, stages } from '../../support/rule-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTrainee } from '../../support/trainee.ts';

const db = useTestDatabase();

/** Causes every event that the service emits. */
async function liveALife(): Promise<Fact[]> {
  const rules = [
    ...[linear(), cycle(), amrap(), deload({ failureThreshold: 2 })],
    stages({ resetOnExhaustion: false }),
  ];
  const trainee = await createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });
  const { accountId, userId, programId } = trainee.athlete;
  const { users, programs } = createCatalogClient(db.database, { accountId });
  const squat = { userId, liftId: trainee.liftId('squat'), maxType: MaxType.TRAINING_MAX };
  await trainee.client.setLiftMax({ ...squat, value: '101', unit: WeightUnit.KILOGRAM });
  await trainee.train('squat 5/5 9/5+@60/60 3/5@60/60 2/5');
  await trainee.train('squat w5/5 10/5+ 1/5 1/5, bench 5/5');
  await trainee.advanceWeek(1);
  await trainee.completeCycle(1, 4);
  await programs.unenrollUser({ userId, status: EnrollmentStatus.PAUSED });
  await programs.enrollUser({ userId, programId });
  await programs.unenrollUser({ userId, status: EnrollmentStatus.COMPLETED });
  const attributes = { level: 3, goal: 'stronger', sports: ['judo'], injured: false };
  await users.createUser({ name: 'A', timeZone: 'UTC', birthDate: '1992-02-29', tags: ['vip'], attributes });
  await users.updateUser({
    ...{ userId, name: 'B', birthDate: '1992-02-29', timeZone: 'Asia/Tokyo', optedOut: true },
    ...{ addTags: ['a', 'b'], attributes },
  });
  await users.updateUser({
    ...{ userId, birthDate: '', timeZone: '', removeTags: ['a'] },
    attributes: { level: null, goal: '5.5', sports: [], injured: true },
  });
  const { rows } = await db.database.transaction(accountId, (tx) =>
    sql<{
      facts: Fact[];
    }>`select facts from outbox where account_id = ${accountId} order by sequence`.execute(tx.sql),
  );
  return rows.flatMap(({ facts }) => facts);
}

test('every emitted fact is valid for its type', async () => {
  const facts = await liveALife();

  for (const { type: name, data, previous = null } of facts) {
    const type = builtInEventType(name);
    expect(type?.source, name).toBe('service');
    const content = { data: data as JsonObject, previous: previous as JsonObject | null };
    const violations = type ? validateEventData(type, content, readConfig({}).limits) : [];
    expect(violations, `${name} ${JSON.stringify(content)}`).toEqual([]);
    expect(previous !== null, name).toBe(type?.hasPrevious);
  }
  const ofService = EVENT_TYPES.filter(
    ({ source, category }) => source === 'service' && !['time', 'automation'].includes(category),
  );
  expect([...new Set(facts.map(({ type }) => type))].toSorted()).toEqual(
    ofService.map(({ name }) => name).toSorted(),
  );
});

test('every field of a type occurs in an emitted fact', async () => {
  const facts = await liveALife();

  const told = new Map<string, Set<string>>();
  for (const { type, data } of facts) {
    const names = told.get(type) ?? new Set();
    told.set(type, names);
    for (const [name, value] of Object.entries(data)) {
      if (value !== null) {
        names.add(name);
      }
    }
  }
  const silent = [...told].flatMap(([type, names]) =>
    (builtInEventType(type)?.fields ?? [])
      .filter(({ name }) => !names.has(name))
      .map(({ name }) => `${type}.${name}`),
  );
  // Optional fields: callers of LogSets may give the RPE, publishers the source of a contact.
  expect(silent.toSorted()).toEqual([
    'amrap_result.rpe',
    'contact_created.origin',
    'set_failed.rpe',
    'set_logged.rpe',
  ]);
});
