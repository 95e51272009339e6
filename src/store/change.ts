/** What a writing use case works with, and the trace it leaves in the audit trail. */

import type { Instant } from '../values/instant.ts';
import { newId } from '../values/new-id.ts';
import type { Transaction } from './database.ts';
import { AuditEntryEntity } from './entities/audit-entry.ts';
import type { Cause, FactActor } from './entities/outbox-entry.ts';

export interface Change {
  readonly tx: Transaction;
  readonly now: Instant;
  /** Who to name in the audit trail. */
  readonly actor: string;
  /** What the event stream says of where it comes from. */
  readonly origin: { readonly actor: FactActor; readonly cause: Cause | null };
}

/** What was changed by hand, before and after; null: there was, or is, nothing. */
export interface AuditedChange {
  /** The RPC's name. */
  readonly action: string;
  readonly targetType:
    | 'program'
    | 'progression'
    | 'program_progression'
    | 'enrollment'
    | 'lift_max'
    | 'failure_counter'
    | 'progression_log'
    | 'user'
    | 'workflow'
    | 'trigger'
    | 'event_type'
    | 'field'
    | 'dead_letter';
  readonly targetId: string;
  /** The athlete concerned, where there is one. */
  readonly userId?: string;
  readonly reason?: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

/** Adds a row to the audit trail, in the transaction of the change. */
export function audit({ tx, now, actor }: Pick<Change, 'tx' | 'now' | 'actor'>, change: AuditedChange): void {
  tx.em.create(AuditEntryEntity, {
    ...change,
    accountId: tx.accountId,
    id: newId(),
    actor,
    userId: change.userId ?? null,
    reason: change.reason ?? '',
    recordedAt: now,
  });
}
