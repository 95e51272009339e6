/** ListEnrollments: who follows, or followed, which program. */
import { expect, test } from 'vitest';
import { enumName } from '../../src/calls/enum-name.ts';
import { EnrollmentStatus, EnrollmentStatusSchema } from '../../src/gen/progression/v1/program_service_pb.ts';
import { instantFromText } from '../../src/values/instant.ts';
import { createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { createProgram, createUser } from '../support/catalog-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';

const { ACTIVE, QUIT } = EnrollmentStatus;

const db = useTestDatabase();

test('enrollments are listed newest first, of one athlete, one program or one status, page by page', async () => {
  let day = 1;
  const clock = () => instantFromText(`2026-03-${String(day).padStart(2, '0')}T06:00:00Z`);
  const client = createCatalogClient(db.database, { clock });
  const { programs } = client;
  const [ann, bob] = [await createUser(client), await createUser(client)];
  const novice = (await createProgram(client, { slug: 'novice' })).id;
  const veteran = (await createProgram(client, { slug: 'veteran' })).id;
  const steps = [
    [ann, novice],
    [bob, novice],
    [ann, veteran],
  ] as const;
  for (const [userId, programId] of steps) {
    day += 1;
    if (programId === veteran) {
      await programs.unenrollUser({ userId, status: EnrollmentStatus.QUIT });
    }
    await programs.enrollUser({ userId, programId });
  }
  const listed = async (more: object) => {
    const { enrollments, totalSize } = await programs.listEnrollments({ includeTotalSize: true, ...more });
    expect(totalSize).toBe(enrollments.length);
    return enrollments.map(({ userId, programId, status }) => {
      const names = [userId === ann ? 'ann' : 'bob', programId === novice ? 'novice' : 'veteran'];
      return [...names, enumName(EnrollmentStatusSchema, status)].join(' ');
    });
  };

  expect(await listed({})).toEqual(['ann veteran ACTIVE', 'bob novice ACTIVE', 'ann novice QUIT']);
  expect(await listed({ userId: ann })).toEqual(['ann veteran ACTIVE', 'ann novice QUIT']);
  expect(await listed({ programId: novice })).toEqual(['bob novice ACTIVE', 'ann novice QUIT']);
  expect(await listed({ programId: novice, status: ACTIVE })).toEqual(['bob novice ACTIVE']);
  expect(await listed({ status: QUIT, userId: bob })).toEqual([]);

  const first = await programs.listEnrollments({ pageSize: 2 });
  const second = await programs.listEnrollments({ pageSize: 2, pageToken: first.nextPageToken });
  expect([first.enrollments.length, second.enrollments.length, second.nextPageToken]).toEqual([2, 1, '']);
  expect(first.totalSize).toBe(0);
  await expectRefusal(
    programs.listEnrollments({ pageSize: 2, pageToken: first.nextPageToken, userId: ann }),
    'PAGE_TOKEN_INVALID',
  );
});
