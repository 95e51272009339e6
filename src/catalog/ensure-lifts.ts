/** Finds an account's lifts by slug and makes those that are missing. */
import { LockMode } from '@mikro-orm/core';
import { sql } from 'kysely';
import { instantToText } from '../instant.ts';
import type { Change } from '../store/change.ts';
import { type Lift, LiftEntity } from '../store/entities/lift.ts';
import type { BlueprintLift } from './blueprint.ts';
import type { IdMaker } from './make-program.ts';

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
    select ${tx.accountId}, id, slug, name, ${instantToText(now)}, ${instantToText(now)}
    from unnest(${ids}::uuid[], ${slugs}::text[], ${names}::text[]) as missing (id, slug, name)
    order by slug
    on conflict do nothing`.execute(tx.sql);
  const lifts = await tx.em.find(
    LiftEntity,
    { accountId: tx.accountId, slug: { $in: slugs }, deletedAt: null },
    { lockMode: LockMode.PESSIMISTIC_READ, orderBy: { id: 'asc' } },
  );
  return new Map(lifts.map((lift) => [lift.slug, lift]));
}
