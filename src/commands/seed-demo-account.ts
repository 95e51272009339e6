/**
 * The demo account: every program of the catalogue, and a few athletes who follow some of them. Athletes are
 * named for their roles.
 */
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { v5 as idFromName } from 'uuid';
import { CATALOG_PROGRAMS } from '../catalog/canonical/catalog.ts';
import { ensureLifts } from '../catalog/lifts.ts';
import { insertPrograms, type MadeProgram, makeProgram } from '../catalog/programs/make-program.ts';
import { DEMO_ACCOUNT_ID } from '../config/config.ts';
import type { Change } from '../store/change.ts';
import type { Database, Transaction } from '../store/database.ts';
import { EnrollmentEntity } from '../store/entities/enrollment.ts';
import { LiftMaxEntity } from '../store/entities/lift-max.ts';
import { UserEntity } from '../store/entities/user.ts';
import { type Clock, instantToText } from '../values/instant.ts';

/** The deterministic id of a seeded row, such as `lift/squat`, `program/gzclp-lb` or `user/Demo Novice`. */
export function seededId(name: string): string {
  return idFromName(name, DEMO_ACCOUNT_ID);
}

/**
 * Fills the demo account once. A second run, or a second process at the same time, changes nothing, even if
 * the account has changed its programs since.
 */
export async function seed(database: Database, clock: Clock): Promise<void> {
  await database.ensureAccount(DEMO_ACCOUNT_ID);
  await database.transaction(DEMO_ACCOUNT_ID, async (tx) => {
    const now = clock();
    if (!(await claimSeeding(tx, instantToText(now)))) {
      return;
    }
    await sql`update accounts set name = 'Demo' where id = ${tx.accountId}`.execute(tx.sql);
    const change: Change = { tx, now, actor: 'seed', origin: { actor: 'SYSTEM', cause: null } };
    const wanted = new Map(CATALOG_PROGRAMS.flatMap(({ lifts }) => lifts).map((lift) => [lift.slug, lift]));
    const lifts = await ensureLifts(change, [...wanted.values()], seededId);
    const making = { accountId: tx.accountId, now, lifts, makeId: seededId };
    const programs = CATALOG_PROGRAMS.map((program) => makeProgram(program, making));
    await insertPrograms(tx, programs);
    for (const athlete of DEMO_ATHLETES) {
      await insertAthlete(change, athlete, programs);
    }
  });
}

/** Seeding claims a fixed request ID in the ledger, so that only the first run does it. */
async function claimSeeding(tx: Transaction, occurredAt: string): Promise<boolean> {
  const claim = await sql`
    insert into requests (account_id, method, request_id, fingerprint, response, occurred_at)
    values (${tx.accountId}, 'Seed', ${seededId('seed')}, '', '', ${occurredAt})
    on conflict do nothing`.execute(tx.sql);
  return claim.numAffectedRows === 1n;
}

async function insertAthlete(
  { tx, now }: Change,
  athlete: DemoAthlete,
  programs: readonly MadeProgram[],
): Promise<void> {
  const { accountId, em } = tx;
  const followed = programs.find(({ program }) => program.slug === athlete.programSlug);
  if (!followed) {
    throw new TypeError(`the catalogue has no program ${athlete.programSlug}`);
  }
  const userId = seededId(`user/${athlete.name}`);
  await em.insert(UserEntity, {
    ...{ accountId, id: userId, name: athlete.name, timeZone: null, birthDate: null },
    ...{ createdAt: now, updatedAt: now, deletedAt: null },
  });
  await em.insert(EnrollmentEntity, {
    ...{ accountId, id: seededId(`enrollment/${athlete.name}`), userId, programId: followed.program.id },
    ...{ status: 'ACTIVE', startedAt: now, endedAt: null },
  });
  await em.insertMany(
    LiftMaxEntity,
    followed.lifts.map(({ id, slug }) => ({
      ...{ accountId, id: seededId(`lift-max/${athlete.name}/${slug}`), userId, liftId: id },
      ...{ maxType: 'TRAINING_MAX', version: 1, value: startingMax(athlete, slug) },
      unit: followed.program.unit,
      ...{ source: 'MANUAL', reason: '', effectiveAt: now, recordedAt: now },
    })),
  );
}

function startingMax(athlete: DemoAthlete, liftSlug: string): Decimal {
  const value = athlete.trainingMaxes[liftSlug];
  if (value === undefined) {
    throw new TypeError(`${athlete.name} has no training max of ${liftSlug}`);
  }
  return new Decimal(value);
}

export interface DemoAthlete {
  readonly name: string;
  /** The slug of a program of the catalogue. */
  readonly programSlug: string;
  /** Training maxes by lift slug, in the program's unit; one for each lift of the program. */
  readonly trainingMaxes: Readonly<Record<string, string>>;
}

export const DEMO_ATHLETES: readonly DemoAthlete[] = [
  {
    name: 'Demo Novice',
    programSlug: 'stronglifts-5x5-kg',
    trainingMaxes: {
      squat: '60',
      'bench-press': '45',
      'barbell-row': '40',
      'overhead-press': '30',
      deadlift: '80',
    },
  },
  {
    // 90 % of one-rep maxes of 135, 405, 225 and 315 lb, rounded to the nearest 5.
    name: 'Demo Intermediate',
    programSlug: 'wendler-531-bbb-lb',
    trainingMaxes: { 'overhead-press': '120', deadlift: '365', 'bench-press': '205', squat: '285' },
  },
  {
    name: 'Demo Powerlifter',
    programSlug: 'gzclp-lb',
    trainingMaxes: {
      'squat-t1': '275',
      'bench-press-t1': '185',
      'overhead-press-t1': '115',
      'deadlift-t1': '315',
      'squat-t2': '205',
      'bench-press-t2': '140',
      'overhead-press-t2': '85',
      'deadlift-t2': '235',
      'lat-pulldown-t3': '90',
      'dumbbell-row-t3': '45',
    },
  },
];
