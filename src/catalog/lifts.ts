/**
 * Lifts: the account's exercises, each known by a slug that no other live lift of the account has.
 * Finds an account's lifts by slug and makes those that are missing.
 */
import { LockMode } from '@mikro-orm/core';
import { sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import type {
  CreateLiftRequest,
  ListLiftsRequest,
  UpdateLiftRequest,
} from '../gen/progression/v1/program_service_pb.ts';
import type { Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { type Lift, LiftEntity } from '../store/entities/lift.ts';
import { type Page, readPage } from '../store/page.ts';
import { instantToText } from '../values/instant.ts';
import { newId } from '../values/new-id.ts';
import type { BlueprintLift } from './programs/blueprint.ts';
import type { IdMaker } from './programs/make-program.ts';

/** SLUG_TAKEN when a live lift has the slug. */
export async function createLift({ tx, now }: Change, request: CreateLiftRequest): Promise<Lift> {
  return tx.em.create(LiftEntity, {
    accountId: tx.accountId,
    id: newId(),
    slug: request.slug,
    name: request.name,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  });
}

/** The live lift with this id, or LIFT_NOT_FOUND. */
export async function getLift(tx: Transaction, liftId: string, lockMode?: LockMode): Promise<Lift> {
  const where = { accountId: tx.accountId, id: liftId, deletedAt: null };
  const lift = await tx.em.findOne(LiftEntity, where, { lockMode });
  if (!lift) {
    throw liftNotFound(liftId);
  }
  return lift;
}

/** By slug. */
export function listLifts(
  tx: Transaction,
  request: ListLiftsRequest,
  defaultPageSize: number,
): Promise<Page<Lift>> {
  const live = { accountId: tx.accountId, deletedAt: null };
  return readPage(
    {
      filter: ['ListLifts', tx.accountId],
      keyKinds: ['text'],
      defaultPageSize,
      keyOf: (lift: Lift) => [lift.slug],
      rows: (after, limit) =>
        tx.em.find(LiftEntity, after ? { ...live, slug: { $gt: after[0] } } : live, {
          orderBy: { slug: 'asc' },
          limit,
        }),
      count: () => tx.em.count(LiftEntity, live),
    },
    request,
  );
}

/** LIFT_NOT_FOUND; SLUG_TAKEN when another live lift has the new slug. */
export async function updateLift({ tx, now }: Change, request: UpdateLiftRequest): Promise<Lift> {
  const lift = await getLift(tx, request.liftId, LockMode.PESSIMISTIC_WRITE);
  lift.slug = request.slug || lift.slug;
  lift.name = request.name || lift.name;
  lift.updatedAt = now;
  return lift;
}

/** LIFT_NOT_FOUND; IN_USE while a live program holds the lift. */
export async function deleteLift({ tx, now }: Change, liftId: string): Promise<void> {
  const lift = await getLift(tx, liftId, LockMode.PESSIMISTIC_WRITE);
  const { rows } = await sql<{ id: string }>`
    select program.id from program_lifts place
    join programs program on program.account_id = place.account_id and program.id = place.program_id
    where place.account_id = ${tx.accountId} and place.lift_id = ${liftId} and program.deleted_at is null
    limit 1`.execute(tx.sql);
  const [program] = rows;
  if (program) {
    const metadata = { liftId, programId: program.id };
    throw new DomainError('IN_USE', `lift ${liftId} is in program ${program.id}`, { metadata });
  }
  lift.deletedAt = now;
}

export function liftNotFound(liftId: string): DomainError {
  return new DomainError('LIFT_NOT_FOUND', `lift ${liftId} does not exist`, { metadata: { liftId } });
}

/**
 * The live lift for each slug, locked so that none is deleted before a program holds it. Concurrent calls
 * insert in the same order, so that none waits for one that waits for it.
 */
export async function ensureLifts(
  { tx, now }: Change,
  wanted: readonly BlueprintLift[],
  makeId: IdMaker,
): Promise<ReadonlyMap<string, Lift>> {
  const slugs = wanted.map((lift) => lift.slug);
  const ids = slugs.map((slug) => makeId(`lift/${slug}`));
  const names = wanted.map((lift) => lift.name);
  await sql`
    insert into lifts (account_id, id, slug, name, created_at, updated_at)
    select a.id, missing.*, ${instantToText(now)}::timestamptz, ${instantToText(now)}::timestamptz
    from accounts a cross join unnest(${ids}::uuid[], ${slugs}::text[], ${names}::text[]) as missing (id, slug, name)
    where a.id = ${tx.accountId}
    order by slug
    on conflict do nothing`.execute(tx.sql);
  const lifts = await tx.em.find(
    LiftEntity,
    { accountId: tx.accountId, slug: { $in: slugs }, deletedAt: null },
    { lockMode: LockMode.PESSIMISTIC_READ, orderBy: { id: 'asc' } },
  );
  return new Map(lifts.map((lift) => [lift.slug, lift]));
}
