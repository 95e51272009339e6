/** SetEquipment: replaces what the athletes of an account load, or one athlete. */
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { enumName } from '../../calls/enum-name.ts';
import type { Limits } from '../../config/default-limits.ts';
import { DomainError, type FieldViolation, invalidFields } from '../../errors/domain-error.ts';
import { type Equipment, ImplementSchema } from '../../gen/progression/v1/equipment_pb.ts';
import {
  RoundingSchema,
  type WeightUnit,
  WeightUnitSchema,
} from '../../gen/progression/v1/program_service_pb.ts';
import type { SetEquipmentRequest } from '../../gen/progression/v1/user_service_pb.ts';
import { stepsOfPlates } from '../../progression/evaluation/equipment/side-loads.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { EquipmentEntity, type EquipmentUnit, type StoredEquipment } from '../../store/entities/equipment.ts';
import { newId } from '../../values/new-id.ts';
import { auditedEquipment, lockEquipment } from './equipment.ts';

/** VALIDATION_FAILED for weights of 0, entries that contradict each other, and plates that make too many loads. */
export function readEquipment(
  { equipment }: SetEquipmentRequest,
  { plateSteps }: Pick<Limits, 'plateSteps'>,
): StoredEquipment {
  if (!equipment) {
    throw invalidFields([{ field: 'equipment', description: 'is required' }]);
  }
  const stored = toStored(equipment);
  const violations = [
    ...partFaults(stored),
    ...weightFaults(stored),
    ...liftFaults(stored),
    ...plateFaults(stored),
  ];
  if (violations.length === 0) {
    violations.push(...stepFaults(stored, plateSteps));
  }
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
  return stored;
}

/** USER_NOT_FOUND, LIFT_NOT_FOUND. */
export async function setEquipment(
  change: Change,
  { userId, reason }: SetEquipmentRequest,
  equipment: StoredEquipment,
): Promise<StoredEquipment> {
  const { tx, now } = change;
  const stored = await lockEquipment(tx, userId);
  await requireLifts(
    tx,
    [...equipment.bars, ...equipment.steps].flatMap(({ liftIds }) => liftIds),
  );
  const before = stored && auditedEquipment(stored);
  const row = stored
    ? tx.em.assign(stored, { ...equipment, updatedAt: now })
    : tx.em.create(EquipmentEntity, {
        ...{ accountId: tx.accountId, id: newId(), userId: userId || null },
        ...{ ...equipment, updatedAt: now },
      });
  audit(change, {
    ...{ action: 'SetEquipment', targetType: 'equipment', targetId: row.id, reason, before },
    ...(userId !== '' && { userId }),
    after: auditedEquipment(row),
  });
  return row;
}

function toStored({ bars, plates, steps, rounding }: Equipment): StoredEquipment {
  const lower = (liftIds: readonly string[]) => liftIds.map((liftId) => liftId.toLowerCase());
  return {
    bars: bars.map(({ weight, unit, liftIds }) => ({
      ...{ weight: decimalText(weight), unit: unitName(unit), liftIds: lower(liftIds) },
    })),
    plates: plates.map(({ weight, unit, pairs }) => ({
      ...{ weight: decimalText(weight), unit: unitName(unit), pairs },
    })),
    steps: steps.map(({ implement, step, unit, liftIds }) => ({
      implement: enumName(ImplementSchema, implement) as StoredEquipment['steps'][number]['implement'],
      ...{ step: decimalText(step), unit: unitName(unit), liftIds: lower(liftIds) },
    })),
    rounding: rounding === 0 ? '' : (enumName(RoundingSchema, rounding) as StoredEquipment['rounding']),
  };
}

function partFaults({ bars, plates, steps, rounding }: StoredEquipment): FieldViolation[] {
  const isEmpty = bars.length + plates.length + steps.length === 0 && rounding === '';
  const description = 'must have bars, plates, steps or a rounding; DeleteEquipment removes it';
  return isEmpty ? [{ field: 'equipment', description }] : [];
}

function weightFaults({ plates, steps }: StoredEquipment): FieldViolation[] {
  const description = 'must be above 0, not 0';
  const fault = (field: string, weight: string) => (Number(weight) === 0 ? [{ field, description }] : []);
  return [
    ...plates.flatMap(({ weight }, index) => fault(`equipment.plates[${index}].weight`, weight)),
    ...steps.flatMap(({ step }, index) => fault(`equipment.steps[${index}].step`, step)),
  ];
}

function liftFaults({ bars, steps }: StoredEquipment): FieldViolation[] {
  const named = [
    ...bars.map(({ liftIds }, index) => ({ field: `equipment.bars[${index}].lift_ids`, liftIds })),
    ...steps.map(({ liftIds }, index) => ({ field: `equipment.steps[${index}].lift_ids`, liftIds })),
  ];
  const seen = new Set<string>();
  const faults: FieldViolation[] = [];
  for (const { field, liftIds } of named) {
    const names = liftIds.length > 0 ? liftIds : ['every lift that nothing else names'];
    for (const name of names) {
      if (seen.has(name)) {
        faults.push({ field, description: `must not have what another entry has: ${name}` });
      }
      seen.add(name);
    }
  }
  return faults;
}

function plateFaults({ plates }: StoredEquipment): FieldViolation[] {
  return plates.flatMap(({ weight, unit }, index) => {
    const first = plates.findIndex((plate) => plate.weight === weight && plate.unit === unit);
    const description = `must not be that of plates[${first}], ${weight}: add their pairs`;
    return first < index ? [{ field: `equipment.plates[${index}].weight`, description }] : [];
  });
}

function stepFaults({ plates }: StoredEquipment, plateSteps: number): FieldViolation[] {
  return (['KILOGRAM', 'POUND'] as const).flatMap((unit) => {
    const { steps } = stepsOfPlates(plates.filter((plate) => plate.unit === unit));
    const description =
      `must make at most ${plateSteps} loads of a side in ${unit}, in steps of the largest weight ` +
      `that divides them all, not ${steps}`;
    return steps > BigInt(plateSteps) ? [{ field: 'equipment.plates', description }] : [];
  });
}

async function requireLifts(tx: Transaction, liftIds: readonly string[]): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select id from lifts
    where account_id = ${tx.accountId} and id = any(${liftIds}::uuid[]) and deleted_at is null`.execute(
    tx.sql,
  );
  const known = new Set(rows.map(({ id }) => id));
  const unknown = liftIds.find((liftId) => !known.has(liftId));
  if (unknown !== undefined) {
    throw new DomainError('LIFT_NOT_FOUND', `lift ${unknown} does not exist`, {
      metadata: { liftId: unknown },
    });
  }
}

function unitName(unit: WeightUnit): EquipmentUnit {
  return enumName(WeightUnitSchema, unit) as EquipmentUnit;
}

/** Without zeros at either end: equal weights are equal texts. */
function decimalText(text: string): string {
  return new Decimal(text).toFixed();
}
