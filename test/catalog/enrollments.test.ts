/** Enrollment over the wire. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EnrollmentStatus } from '../../src/gen/progression/v1/program_service_pb.ts';
import { instantFromText, instantToTimestamp } from '../../src/values/instant.ts';
import { type CatalogClient, createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { createProgram, createUser, present } from '../support/catalog-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';

const { ACTIVE, PAUSED, QUIT, COMPLETED } = EnrollmentStatus;
const MISSING = '01900000-0000-7000-8000-00000000dead';

const db = useTestDatabase();
let client: CatalogClient;
let day = 1;
let userId: string;
let novice: string;
let veteran: string;
beforeAll(async () => {});
beforeEach(async () => {
  day = 1;
  client = createCatalogClient(db.database, { clock: () => instantFromText(dayText(day)) });
  userId = await createUser(client);
  novice = (await createProgram(client, { slug: 'novice' })).id;
  veteran = (await createProgram(client, { slug: 'veteran' })).id;
});

function dayText(number: number): string {
  return `2026-03-${String(number).padStart(2, '0')}T06:00:00Z`;
}

function on(number: number) {
  return expect.objectContaining(instantToTimestamp(instantFromText(dayText(number))));
}

async function enroll(programId: string) {
  return present((await client.programs.enrollUser({ userId, programId })).enrollment);
}

async function unenroll(status: EnrollmentStatus) {
  return present((await client.programs.unenrollUser({ userId, status })).enrollment);
}

async function current() {
  return present((await client.programs.getEnrollment({ userId })).enrollment);
}

describe('enrolling', () => {
  it("makes the program the athlete's ACTIVE one", async () => {
    const enrollment = await enroll(novice);

    expect(enrollment).toMatchObject({ userId, programId: novice, status: ACTIVE, startedAt: on(1) });
    expect(enrollment.endedAt).toBeUndefined();
    expect(await current()).toEqual(enrollment);
  });

  it('is refused while an enrollment is ACTIVE, also one in the same program', async () => {
    await enroll(novice);

    const other = client.programs.enrollUser({ userId, programId: veteran });
    await expectRefusal(other, 'ALREADY_ENROLLED');
    await expectRefusal(client.programs.enrollUser({ userId, programId: novice }), 'ALREADY_ENROLLED');
  });

  it('resumes a PAUSED enrollment in the program under its old id', async () => {
    const started = await enroll(novice);
    day = 2;
    await unenroll(PAUSED);
    day = 3;

    const resumed = await enroll(novice);

    expect(resumed).toEqual(started);
    expect(await current()).toEqual(started);
  });

  it('creates a new enrollment after QUIT and COMPLETED, and beside a PAUSED one of another program', async () => {
    const ids = new Set<string>();
    for (const status of [QUIT, COMPLETED, PAUSED]) {
      ids.add((await enroll(novice)).id);
      await unenroll(status);
    }
    ids.add((await enroll(veteran)).id);
    await unenroll(QUIT);
    const resumed = await enroll(novice);

    expect(ids.size).toBe(4);
    expect(ids).toContain(resumed.id);
  });

  it('is refused for athletes and programs that do not exist', async () => {
    const calls = {
      user: client.programs.enrollUser({ userId: MISSING, programId: novice }),
      program: client.programs.enrollUser({ userId, programId: MISSING }),
    };
    await Promise.all([
      expectRefusal(calls.user, 'USER_NOT_FOUND'),
      expectRefusal(calls.program, 'PROGRAM_NOT_FOUND'),
    ]);
    const other = createCatalogClient(db.database).programs;
    await expectRefusal(other.enrollUser({ userId, programId: novice }), 'USER_NOT_FOUND');
  });

  it('succeeds once when many calls come at the same time', async () => {
    const calls = Array.from({ length: 8 }, (_, index) =>
      client.programs.enrollUser({ userId, programId: index % 2 === 0 ? novice : veteran }),
    );
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await Promise.all(
      outcomes
        .filter((outcome) => outcome.status === 'rejected')
        .map(({ reason }) => expectRefusal(Promise.reject(reason), 'ALREADY_ENROLLED')),
    );
  });
});

describe('unenrolling', () => {
  it.each([
    ['QUIT', QUIT],
    ['PAUSED', PAUSED],
    ['COMPLETED', COMPLETED],
  ])('makes the enrollment %s', async (_case, status) => {
    const started = await enroll(novice);
    day = 5;

    const ended = await unenroll(status);

    expect(ended).toMatchObject({ id: started.id, status, startedAt: on(1), endedAt: on(5) });
    expect(await current()).toEqual(ended);
  });

  it('needs an ACTIVE enrollment', async () => {
    await expectRefusal(client.programs.unenrollUser({ userId, status: QUIT }), 'NOT_ENROLLED');
    await enroll(novice);
    await unenroll(PAUSED);
    await expectRefusal(client.programs.unenrollUser({ userId, status: QUIT }), 'NOT_ENROLLED');
    await expectRefusal(client.programs.unenrollUser({ userId: MISSING, status: QUIT }), 'USER_NOT_FOUND');
  });

  it('cannot make an enrollment ACTIVE', async () => {
    const call = client.programs.unenrollUser({ userId, status: ACTIVE });
    await expectRefusal(call, 'VALIDATION_FAILED', ['status']);
  });

  it('does nothing without a status', async () => {
    const started = await enroll(novice);
    const error = await expectRefusal(client.programs.unenrollUser({ userId }), 'VALIDATION_FAILED', [
      'status',
    ]);
    expect(error.rawMessage).toContain('ENROLLMENT_STATUS_PAUSED');
    expect(error.rawMessage).toContain('was not given');
    expect(await current()).toEqual(started);
  });
});

describe('the enrollment of an athlete', () => {
  it('is the ACTIVE one, else the one that stopped last', async () => {
    const first = await enroll(novice);
    day = 2;
    await unenroll(PAUSED);
    day = 3;
    const second = await enroll(veteran);
    expect((await current()).id).toBe(second.id);
    day = 4;
    await unenroll(QUIT);
    expect((await current()).id).toBe(second.id);
    day = 5;
    await enroll(novice);
    day = 6;
    await unenroll(QUIT);
    expect((await current()).id).toBe(first.id);
  });

  it('does not exist before the first one', async () => {
    await expectRefusal(client.programs.getEnrollment({ userId }), 'ENROLLMENT_NOT_FOUND');
    await expectRefusal(client.programs.getEnrollment({ userId: MISSING }), 'USER_NOT_FOUND');
  });
});
