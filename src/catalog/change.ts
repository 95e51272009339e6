/** What a writing use case of the catalogue works with, and the trace it leaves in the audit trail. */
import { v7 as newId } from 'uuid';
import type { Instant } from '../instant.ts';
import type { Transaction } from '../store/database.ts';
import { AuditEntryEntity } from '../store/entities/audit-entry.ts';

export interface Change {
  readonly tx: Transaction;
  readonly now: Instant;
  /** Who to name in the audit trail. */
  readonly actor: string;
}

/** A rule, a program or a rule's place in one, before and after a change of it; null: there is none. */
export interface AuditedChange {
  /** The RPC's name. */
  readonly action: string;
  readonly targetType: 'program' | 'progression' | 'program_progression';
  readonly targetId: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

/** Adds a row to the audit trail, in the transaction of the change. */
export function audit({ tx, now, actor }: Change, change: AuditedChange): void {
  tx.em.create(AuditEntryEntity, {
    ...change,
    accountId: tx.accountId,
    id: newId(),
    actor,
    userId: null,
    reason: '',
    recordedAt: now,
  });
}
