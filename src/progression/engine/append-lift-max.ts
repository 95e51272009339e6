/** Appends a version to a lift max outside of an event: by hand, by a workflow, or to undo an application. */
import type { Decimal } from 'decimal.js';
import { addRow } from '../../store/add-row.ts';
import type { Change } from '../../store/change.ts';
import { type LiftMax, LiftMaxEntity } from '../../store/entities/lift-max.ts';
import { emit, fact } from '../../store/outbox.ts';
import { newId } from '../../values/new-id.ts';
import type { LiftMaxVersion } from '../lift-maxes.ts';

export interface NewLiftMax {
  readonly userId: string;
  readonly liftId: string;
  readonly maxType: string;
  /** The previous version; undefined for the first one. */
  readonly current: Pick<LiftMaxVersion, 'version' | 'value' | 'unit'> | undefined;
  readonly value: Decimal;
  /** KILOGRAM or POUND; empty: not known. */
  readonly unit: string;
  /** Absent: AUTOMATION for a change of a workflow, else MANUAL. */
  readonly source?: 'REVERT';
  readonly reason: string;
}

/** The athlete's lock is held. A changed value emits `lift_max_changed`. */
export function appendLiftMax(change: Change, made: NewLiftMax): LiftMax {
  const { tx, now } = change;
  const { userId, liftId, maxType, current, value, unit, reason } = made;
  const source = made.source ?? (change.origin.actor === 'AUTOMATION' ? 'AUTOMATION' : 'MANUAL');
  const version = (current?.version ?? 0) + 1;
  if (!current?.value.eq(value) || current.unit !== unit) {
    const data = {
      lift_id: liftId,
      max_type: maxType,
      value: value.toFixed(),
      ...(unit && { unit }),
      version,
      delta: current && current.unit === unit ? value.minus(current.value).toFixed() : null,
      source,
    };
    const previous = {
      value: current?.value.toFixed() ?? null,
      ...(current?.unit && { unit: current.unit }),
      version: current?.version ?? null,
    };
    emit(change, userId, [fact('lift_max_changed', data, previous)]);
  }
  return addRow(tx.em, LiftMaxEntity, {
    accountId: tx.accountId,
    id: newId(),
    userId,
    liftId,
    maxType,
    version,
    value,
    unit,
    source,
    reason,
    effectiveAt: now,
    recordedAt: now,
  });
}
