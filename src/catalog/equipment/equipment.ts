/** GetEquipment and DeleteEquipment: what the athletes of an account load, or one athlete. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { enumValue } from '../../calls/enum-name.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { type EquipmentSchema, ImplementSchema } from '../../gen/progression/v1/equipment_pb.ts';
import { RoundingSchema, WeightUnitSchema } from '../../gen/progression/v1/program_service_pb.ts';
import type {
  DeleteEquipmentRequest,
  GetEquipmentRequest,
} from '../../gen/progression/v1/user_service_pb.ts';
import { loadEquipment } from '../../progression/engine/load-equipment.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import {
  EquipmentEntity,
  type EquipmentRow,
  type EquipmentUnit,
  type StoredEquipment,
} from '../../store/entities/equipment.ts';
import { lockUser, requireUser } from '../../store/lock-user.ts';

/** USER_NOT_FOUND. */
export async function getEquipment(tx: Transaction, { userId }: GetEquipmentRequest) {
  if (userId !== '') {
    await requireUser(tx, userId);
  }
  const { own, effective } = await loadEquipment(tx, userId || null);
  return {
    equipment: own ? equipmentMessage(own) : undefined,
    effective: effective ? equipmentMessage(effective) : undefined,
  };
}

/** USER_NOT_FOUND, EQUIPMENT_NOT_FOUND. */
export async function deleteEquipment(
  change: Change,
  { userId, reason }: DeleteEquipmentRequest,
): Promise<void> {
  const { tx } = change;
  const row = await lockEquipment(tx, userId);
  if (!row) {
    const whose = userId === '' ? 'the account' : `user ${userId}`;
    throw new DomainError('EQUIPMENT_NOT_FOUND', `${whose} has no equipment`, { metadata: { userId } });
  }
  tx.em.remove(row);
  audit(change, {
    ...{ action: 'DeleteEquipment', targetType: 'equipment', targetId: row.id, reason },
    ...(userId !== '' && { userId }),
    before: auditedEquipment(row),
    after: null,
  });
}

/** The row of the athlete, or of the account, which no other transaction changes now; null: there is none. */
export async function lockEquipment(tx: Transaction, userId: string): Promise<EquipmentRow | null> {
  if (userId === '') {
    await sql`select from accounts where id = ${tx.accountId} for no key update`.execute(tx.sql);
  } else {
    await lockUser(tx, userId);
  }
  return tx.em.findOne(EquipmentEntity, { accountId: tx.accountId, userId: userId || null });
}

export function equipmentMessage({
  bars,
  plates,
  steps,
  rounding,
}: StoredEquipment): MessageInitShape<typeof EquipmentSchema> {
  const unitOf = (unit: EquipmentUnit) => enumValue(WeightUnitSchema, unit);
  return {
    bars: bars.map((bar) => ({ ...bar, unit: unitOf(bar.unit) })),
    plates: plates.map((plate) => ({ ...plate, unit: unitOf(plate.unit) })),
    steps: steps.map((entry) => ({
      ...entry,
      unit: unitOf(entry.unit),
      implement: enumValue(ImplementSchema, entry.implement),
    })),
    rounding: rounding === '' ? 0 : enumValue(RoundingSchema, rounding),
  };
}

/** What the audit trail keeps. */
export function auditedEquipment({
  bars,
  plates,
  steps,
  rounding,
}: StoredEquipment): Record<string, unknown> {
  return { bars, plates, steps, rounding };
}
