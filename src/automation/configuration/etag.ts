/** Etags: which version of a workflow or trigger a caller knows, opaque to the caller. */
import { createHash } from 'node:crypto';
import { DomainError, invalidFields } from '../../domain-error.ts';

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
