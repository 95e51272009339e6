/**
 * Confirmation tokens of a backfill: they prove that the caller saw the current count. A token is not a
 * credential and contains no secret.
 */
import { createHash } from 'node:crypto';
import type { Limits } from '../../config/config.ts';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';

/** The state that a token confirms. */
export interface BackfillPlan {
  readonly accountId: string;
  readonly workflowId: string;
  /** The etags of the workflow and its trigger. */
  readonly workflow: string;
  readonly trigger: string;
  readonly count: number;
}

export function createConfirmation(plan: BackfillPlan, now: Instant): string {
  const seen = [instantToText(now), plan.workflow, plan.trigger, plan.count];
  return Buffer.from(JSON.stringify([computeFingerprint(plan, seen), ...seen])).toString('base64url');
}

/**
 * Errors: VALIDATION_FAILED for a token that was not made for this workflow; CONFIRMATION_STALE for a token
 * that is too old or confirms another state.
 */
export function requireConfirmation(
  token: string,
  plan: BackfillPlan,
  now: Instant,
  { confirmationMs }: Pick<Limits, 'confirmationMs'>,
): void {
  const [fingerprint, ...seen] = readParts(token);
  const [madeAt, ...state] = seen;
  if (typeof madeAt !== 'string' || fingerprint !== computeFingerprint(plan, seen)) {
    throw invalidFields([
      {
        field: 'confirmation_token',
        description: 'must be the token of an earlier response for this workflow',
      },
    ]);
  }
  const age = now - instantFromText(madeAt);
  const current = [plan.workflow, plan.trigger, plan.count];
  if (age > BigInt(confirmationMs) * 1000n || JSON.stringify(state) !== JSON.stringify(current)) {
    const message =
      'the confirmation is too old, or the workflow, trigger or count has changed; request a new token';
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

function computeFingerprint({ accountId, workflowId }: BackfillPlan, seen: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify(['BackfillWorkflow', accountId, workflowId, seen]))
    .digest('base64url');
}
