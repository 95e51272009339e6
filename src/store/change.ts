/** The context of a writing use case, and its audit entries. */

import type { Instant } from '../values/instant.ts';
import { newId } from '../values/new-id.ts';
import type { Transaction } from './database.ts';
import { AuditEntryEntity } from './entities/audit-entry.ts';
import type { Cause, Fact, FactActor } from './entities/outbox-entry.ts';
import { insertOnly } from './insert-only.ts';

export interface Change {
  readonly tx: Transaction;
  readonly now: Instant;
  /** The actor in the audit trail. */
  readonly actor: string;
  /** The origin of the events that the change emits. */
  readonly origin: { readonly actor: FactActor; readonly cause: Cause | null };
  /** Is told of the events that the change emits. */
  readonly observe?: (facts: readonly Fact[]) => void;
}

/** A manual change, before and after; null: absent. */
export interface AuditedChange {
  /** The name of the RPC. */
  readonly action: string;
  readonly targetType:
    | 'account'
    | 'program'
    | 'progression'
    | 'program_progression'
    | 'enrollment_override'
    | 'equipment'
    | 'enrollment'
    | 'lift_max'
    | 'failure_counter'
    | 'progression_log'
    | 'progression_state'
    | 'event'
    | 'user'
    | 'workflow'
    | 'run'
    | 'trigger'
    | 'event_type'
    | 'field'
    | 'dead_letter'
    | 'secret';
  readonly targetId: string;
  /** The athlete concerned, if any. */
  readonly userId?: string;
  readonly reason?: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

/** Adds an entry to the audit trail, in the transaction of the change. */
export function audit({ tx, now, actor }: Pick<Change, 'tx' | 'now' | 'actor'>, change: AuditedChange): void {
  insertOnly(tx, AuditEntryEntity, {
    ...change,
    accountId: tx.accountId,
    id: newId(),
    actor,
    userId: change.userId ?? null,
    reason: change.reason ?? '',
    recordedAt: now,
  });
}
