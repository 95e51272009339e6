/** The demo account. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { CATALOG_PROGRAMS } from '../../src/catalog/canonical/catalog.ts';
import { DEMO_ATHLETES, seed, seededId } from '../../src/commands/seed-demo-account.ts';
import { DEMO_ACCOUNT_ID } from '../../src/config/config.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { type CatalogClient, createCatalogClient } from '../support/catalog-client.ts';
import { useTestDatabasePerTest } from '../support/test-database.ts';

const db = useTestDatabasePerTest();
let demo: CatalogClient;
beforeEach(() => {
  demo = createCatalogClient(db.database, { accountId: DEMO_ACCOUNT_ID });
});

const TABLES = ['users', 'lifts', 'programs', 'program_lifts', 'progressions', 'program_progressions'];

/** Every row of the catalogue's tables, as text, to compare before and after. */
async function contents(): Promise<string> {
  return db.database.transaction(DEMO_ACCOUNT_ID, async (tx) => {
    const texts: string[] = [];
    for (const table of [...TABLES, 'enrollments', 'lift_maxes', 'accounts', 'requests']) {
      const { rows } = await sql<{ row: string }>`
        select t::text as row from ${sql.table(table)} t order by 1`.execute(tx.sql);
      texts.push(table, ...rows.map(({ row }) => row));
    }
    return texts.join('\n');
  });
}

describe('the seed', () => {
  it('gives the demo account every program of the catalogue under its slug', async () => {
    await seed(db.database, systemClock);

    const { programs } = await demo.programs.listPrograms({ pageSize: 500 });
    expect(programs.map(({ slug }) => slug)).toEqual(CATALOG_PROGRAMS.map(({ slug }) => slug).toSorted());
  });

  it('enrolls each demo athlete with a first training max for every lift of the program', async () => {
    await seed(db.database, systemClock);

    for (const athlete of DEMO_ATHLETES) {
      const userId = seededId(`user/${athlete.name}`);
      const { enrollment } = await demo.programs.getEnrollment({ userId });
      const { program } = await demo.programs.getProgram({ programId: enrollment?.programId ?? '' });
      expect(program?.slug).toBe(athlete.programSlug);
      const { rows } = await db.database.transaction(DEMO_ACCOUNT_ID, (tx) =>
        sql<{ slug: string; value: string; version: number; source: string; max_type: string }>`
          select lift.slug, max.value::float8::text as value, max.version, max.source, max.max_type
          from lift_maxes max join lifts lift on lift.account_id = max.account_id and lift.id = max.lift_id
          where max.user_id = ${userId}`.execute(tx.sql),
      );
      expect(rows.map(({ slug }) => slug).toSorted()).toEqual(
        program?.lifts.map(({ slug }) => slug).toSorted(),
      );
      expect(Object.fromEntries(rows.map(({ slug, value }) => [slug, value]))).toEqual(athlete.trainingMaxes);
      for (const row of rows) {
        expect(row).toMatchObject({ version: 1, source: 'MANUAL', max_type: 'TRAINING_MAX' });
      }
    }
  });

  it('has the same ids in every database', () => {
    expect(seededId('user/Demo Novice')).toBe(seededId('user/Demo Novice'));
    expect(seededId('user/Demo Novice')).not.toBe(seededId('user/Demo Powerlifter'));
  });

  it('changes nothing the second time, also after the account has changed the seeded rows', async () => {
    await seed(db.database, systemClock);
    const { program } = await demo.programs.getProgram({ programId: seededId('program/sheiko') });
    await demo.programs.deleteProgram({ programId: program?.id ?? '' });
    await demo.programs.updateProgram({ programId: seededId('program/gzclp-lb'), slug: 'my-gzclp' });
    await demo.users.deleteUser({ userId: seededId('user/Demo Powerlifter') });
    const before = await contents();

    await seed(db.database, systemClock);

    expect(await contents()).toBe(before);
  });

  it('is done once when several processes start at the same time', async () => {
    const processes = [db.database, db.open(), db.open()];

    await Promise.all(processes.map((database) => seed(database, systemClock)));

    const { totalSize } = await demo.programs.listPrograms({});
    expect(totalSize).toBe(CATALOG_PROGRAMS.length);
  });

  it('takes less than a second, and little time when it is done already', async () => {
    const startedAt = performance.now();
    await seed(db.database, systemClock);
    const seededAt = performance.now();
    await seed(db.database, systemClock);
    const repeatedAt = performance.now();
    expect(seededAt - startedAt).toBeLessThan(5_000);
    expect(repeatedAt - seededAt).toBeLessThan(1_000);
  });

  it('uses the lifts that the account has already', async () => {
    const { lift } = await demo.programs.createLift({ slug: 'squat', name: 'Back squat' });

    await seed(db.database, systemClock);

    const { program } = await demo.programs.getProgram({ programId: seededId('program/sheiko') });
    expect(program?.lifts.find(({ slug }) => slug === 'squat')).toMatchObject({
      id: lift?.id,
      name: 'Back squat',
    });
  });
});
