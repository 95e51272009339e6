/** RestoreUser: the undo of DeleteUser. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { EnrollmentStatus } from '../../src/gen/progression/v1/program_service_pb.ts';
import { type CatalogClient, createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { createProgram, createUser, present } from '../support/catalog-fixtures.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';

const { ACTIVE, PAUSED, QUIT } = EnrollmentStatus;

const db = useTestDatabase();
let client: CatalogClient;
let userId: string;
let novice: string;
let veteran: string;
beforeAll(async () => {});
beforeEach(async () => {
  client = createCatalogClient(db.database);
  userId = await createUser(client);
  novice = (await createProgram(client, { slug: 'novice' })).id;
  veteran = (await createProgram(client, { slug: 'veteran' })).id;
  await client.programs.enrollUser({ userId, programId: novice });
  await client.programs.unenrollUser({ userId, status: PAUSED });
  await client.programs.enrollUser({ userId, programId: veteran });
});

async function statuses(): Promise<Record<string, EnrollmentStatus>> {
  const { enrollments } = await client.programs.listEnrollments({ userId });
  return Object.fromEntries(enrollments.map(({ programId, status }) => [programId, status]));
}

test('a restored athlete is listed again and follows what was ACTIVE and PAUSED before', async () => {
  const before = await client.users.getUser({ userId });
  await client.users.deleteUser({ userId });
  await expectRefusal(client.users.getUser({ userId }), 'USER_NOT_FOUND');

  const { user } = await client.users.restoreUser({ userId });

  expect(user).toEqual(before.user);
  expect((await client.users.listUsers({})).users).toContainEqual(user);
  expect(await statuses()).toEqual({ [novice]: PAUSED, [veteran]: ACTIVE });
  const { enrollment } = await client.programs.getEnrollment({ userId });
  expect(present(enrollment).endedAt).toBeUndefined();
  const audited = await rowsOf(db.database, client.accountId, 'audit_log');
  expect(audited.filter(({ action }) => action === 'RestoreUser')).toMatchObject([{ user_id: userId }]);
});

test('an enrollment that the athlete had quit before the deletion stays QUIT', async () => {
  await client.programs.unenrollUser({ userId, status: QUIT });
  await client.users.deleteUser({ userId });
  await client.users.restoreUser({ userId });

  expect(await statuses()).toEqual({ [novice]: PAUSED, [veteran]: QUIT });
});

test('a program that was deleted meanwhile is not followed again', async () => {
  await client.users.deleteUser({ userId });
  await client.programs.deleteProgram({ programId: veteran });
  await client.users.restoreUser({ userId });

  expect(await statuses()).toEqual({ [novice]: PAUSED, [veteran]: QUIT });
});

test('an athlete who is not deleted, was erased or never existed is not restored', async () => {
  await expectRefusal(client.users.restoreUser({ userId }), 'USER_EXISTS');
  await client.users.eraseUser({ userId });
  await expectRefusal(client.users.restoreUser({ userId }), 'USER_ERASED');
  await expectRefusal(client.users.restoreUser({ userId: novice }), 'USER_NOT_FOUND');
});
