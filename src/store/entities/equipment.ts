/** Table equipment: what an account's athletes load, and what single athletes do. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export type EquipmentUnit = 'KILOGRAM' | 'POUND';

/** Weights are decimals in strings. */
export interface StoredBar {
  weight: string;
  unit: EquipmentUnit;
  /** Empty: every lift that nothing else names. */
  liftIds: string[];
}

export interface StoredPlates {
  weight: string;
  unit: EquipmentUnit;
  /** One plate of each for each side. */
  pairs: number;
}

export interface StoredSteps {
  implement: 'DUMBBELL' | 'MACHINE';
  step: string;
  unit: EquipmentUnit;
  liftIds: string[];
}

export interface StoredEquipment {
  bars: StoredBar[];
  plates: StoredPlates[];
  steps: StoredSteps[];
  /** Empty: not set. */
  rounding: '' | 'NEAREST' | 'DOWN' | 'UP';
}

export const EquipmentEntity = defineEntity({
  name: 'Equipment',
  tableName: 'equipment',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    /** Null: of the account. */
    userId: p.uuid().nullable(),
    bars: p.json().$type<StoredEquipment['bars']>(),
    plates: p.json().$type<StoredEquipment['plates']>(),
    steps: p.json().$type<StoredEquipment['steps']>(),
    rounding: p.text().$type<StoredEquipment['rounding']>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type EquipmentRow = InferEntity<typeof EquipmentEntity>;
