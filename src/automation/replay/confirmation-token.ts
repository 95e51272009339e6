/**
 * Confirmations of a backfill: what a caller has seen of it, given back. They keep somebody from starting what they have
 * not looked at; they are no credential, and nothing of them is secret.
 */
import { createHash } from 'node:crypto';
import type { Limits } from '../../config/config.ts';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';

/** What is confirmed. */
export interface BackfillPlan {
  readonly accountId: string;
  readonly workflowId: string;
  readonly workflowVersion: number;
  readonly triggerVersion: number;
  readonly count: number;
}

export function createConfirmation(plan: BackfillPlan, now: Instant): string {
  const seen = [instantToText(now), plan.workflowVersion, plan.triggerVersion, plan.count];
  return Buffer.from(JSON.stringify([computeFingerprint(plan, seen), ...seen])).toString('base64url');
}

/**
 * VALIDATION_FAILED for what is no confirmation of this workflow's backfill; CONFIRMATION_STALE for one that is too old,
 * or that saw another state of it.
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
      { field: 'confirmation_token', description: 'must be from an earlier answer about this workflow' },
    ]);
  }
  const age = now - instantFromText(madeAt);
  const current = [plan.workflowVersion, plan.triggerVersion, plan.count];
  if (age > BigInt(confirmationMs) * 1000n || JSON.stringify(state) !== JSON.stringify(current)) {
    const message = 'the confirmation is too old, or what it confirms has changed; look at it again';
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
