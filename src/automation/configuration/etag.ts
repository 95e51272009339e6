/** Etags of workflows and triggers, and the account's automation revision. */
import { createHash, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';

/** A versioned row; each version has its own etag. */
export interface Versioned {
  readonly id: string;
  readonly version: number;
  /** Tells two versions of one number apart, of which a failover lost the first. */
  readonly updatedAt: Instant;
}

const ETAG_BYTES = 12;

/** Caches that are further behind are built anew. */
const KEPT_IDENTITIES = 16;

export function etagOf({ id, version, updatedAt }: Versioned): string {
  const digest = createHash('sha256').update(`${id}:${version}:${updatedAt}`).digest();
  return digest.subarray(0, ETAG_BYTES).toString('base64url');
}

/**
 * Throws ETAG_MISMATCH unless the etag is that of the current version, and VALIDATION_FAILED when it is
 * empty.
 */
export function requireEtag(etag: string, current: Versioned): void {
  if (etag === '') {
    throw invalidFields([{ field: 'etag', description: 'is required: it is in the last answer' }]);
  }
  requireEtagIfGiven(etag, current);
}

/** The same for RPCs that accept an empty etag, which matches every version. */
export function requireEtagIfGiven(etag: string, current: Versioned): void {
  if (etag !== '' && etag !== etagOf(current)) {
    throw new DomainError('ETAG_MISMATCH', `${current.id} has changed since it was read`, {
      metadata: { id: current.id },
    });
  }
}

/**
 * Increments the account's automation revision in the transaction of a change to triggers, workflows, fields
 * or event types. Every such change calls this first: the row lock serializes the changes of an account, so
 * that what is read afterwards holds until the commit. Each revision has a random identity: after a failover that lost
 * changes its number is given again.
 */
export async function bumpRevision({ sql: db, accountId }: Transaction): Promise<bigint> {
  const { rows } = await sql<{ revision: string }>`
    insert into automation_revisions (account_id, revision) values (${accountId}, 1)
    on conflict (account_id) do update set revision = automation_revisions.revision + 1,
      identities = latest_identities(${randomUUID()}, automation_revisions.identities, ${sql.lit(KEPT_IDENTITIES)})
    returning revision`.execute(db);
  return BigInt(rows[0]?.revision ?? 0);
}
