/**
 * Confirmation tokens of calls that first count what they concern: they prove that the caller saw the current count. A token
 * is not a credential and contains no secret.
 */
import { createHash } from 'node:crypto';
import type { Limits } from '../../config/config.ts';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';

/** The state that a token confirms. */
export interface Plan {
  /** The name of the RPC. */
  readonly method: string;
  readonly accountId: string;
  readonly workflowId: string;
  /** What must not change, such as etags and filters. */
  readonly state: readonly string[];
  readonly count: number;
  /** Whether the token is still good when the count has become smaller. */
  readonly mayShrink?: boolean;
}

export function createConfirmation(plan: Plan, now: Instant): string {
  const seen = [instantToText(now), plan.state, plan.count];
  return Buffer.from(JSON.stringify([computeFingerprint(plan, seen), ...seen])).toString('base64url');
}

/**
 * Errors: VALIDATION_FAILED for a token that was not made for this workflow; CONFIRMATION_STALE for a token
 * that is too old or confirms another state.
 */
export function requireConfirmation(
  token: string,
  plan: Plan,
  now: Instant,
  { confirmationMs }: Pick<Limits, 'confirmationMs'>,
): void {
  const [fingerprint, ...seen] = readParts(token);
  const [madeAt, state, count] = seen;
  if (typeof madeAt !== 'string' || fingerprint !== computeFingerprint(plan, seen)) {
    throw invalidFields([
      {
        field: 'confirmation_token',
        description: 'must be the token of an earlier response for this workflow',
      },
    ]);
  }
  const age = now - instantFromText(madeAt);
  const isSame = JSON.stringify(state) === JSON.stringify(plan.state);
  const isCounted = plan.mayShrink ? plan.count <= Number(count) : plan.count === count;
  if (age > BigInt(confirmationMs) * 1000n || !isSame || !isCounted) {
    const message =
      'the confirmation is too old, or what it confirms or its count has changed; request a new token';
    throw new DomainError('CONFIRMATION_STALE', message, {
      metadata: { workflowId: plan.workflowId, estimatedCount: String(plan.count) },
    });
  }
}

function readParts(token: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function computeFingerprint({ method, accountId, workflowId }: Plan, seen: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify([method, accountId, workflowId, seen]))
    .digest('base64url');
}
