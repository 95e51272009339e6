/**
 * Etags: which version of a workflow or trigger a caller knows, opaque to the caller.
 * The account's automation revision: counts the changes of its configuration, one change at a time.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';

/** What has an etag: each version its own. */
export interface Versioned {
  readonly id: string;
  readonly version: number;
}

const ETAG_BYTES = 12;

export function etagOf({ id, version }: Versioned): string {
  const digest = createHash('sha256').update(`${id}:${version}`).digest();
  return digest.subarray(0, ETAG_BYTES).toString('base64url');
}

/** ETAG_MISMATCH unless the etag is that of the version that is there now; VALIDATION_FAILED without one. */
export function requireEtag(etag: string, current: Versioned): void {
  if (etag === '') {
    throw invalidFields([{ field: 'etag', description: 'is required: it is in the last answer' }]);
  }
  requireEtagIfGiven(etag, current);
}

/** The same for calls that may leave it empty, which means: whatever it is now. */
export function requireEtagIfGiven(etag: string, current: Versioned): void {
  if (etag !== '' && etag !== etagOf(current)) {
    throw new DomainError('ETAG_MISMATCH', `${current.id} has changed since it was read`, {
      metadata: { id: current.id },
    });
  }
}

/**
 * Counts a change of triggers, workflows, fields or event types, in the transaction of that change. Whoever changes
 * any of them calls this first: the row's lock, held until the transaction ends, lets one change of an account follow
 * the other, so that what is read after it stays true until the commit.
 */
export async function bumpRevision({ sql: db, accountId }: Transaction): Promise<bigint> {
  const { rows } = await sql<{ revision: string }>`
    insert into automation_revisions (account_id, revision) values (${accountId}, 1)
    on conflict (account_id) do update set revision = automation_revisions.revision + 1
    returning revision`.execute(db);
  return BigInt(rows[0]?.revision ?? 0);
}
