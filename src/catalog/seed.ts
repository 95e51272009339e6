/** The demo account: the whole catalogue as its own programs, and a few athletes who follow some of them. */
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { v5 as idFromName } from 'uuid';
import { DEMO_ACCOUNT_ID } from '../config.ts';
import { type Clock, instantToText } from '../instant.ts';
import type { Change } from '../store/change.ts';
import type { Database, Transaction } from '../store/database.ts';
import { EnrollmentEntity } from '../store/entities/enrollment.ts';
import { LiftMaxEntity } from '../store/entities/lift-max.ts';
import { UserEntity } from '../store/entities/user.ts';
import { CATALOG_PROGRAMS } from './canonical/catalog.ts';
import { DEMO_ATHLETES, type DemoAthlete } from './demo-athletes.ts';
import { ensureLifts } from './ensure-lifts.ts';
import { insertPrograms, type MadeProgram, makeProgram } from './make-program.ts';

/** The id of a seeded row: always the same for `lift/squat`, `program/gzclp-lb`, `user/Demo Novice`. */
export function seededId(name: string): string {
  return idFromName(name, DEMO_ACCOUNT_ID);
}

/**
 * Fills the demo account, once: a second run, or a second process at the same time, changes nothing, whatever
 * the account has done with its programs since.
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

/**
 * The seeding is a call with a fixed request ID in the ledger: the first takes it, any other finds it taken.
 */
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
