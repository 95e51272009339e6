/** Table programs: a calendar and, in rows of their own, lifts and rules. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Decimal } from 'decimal.js';
import { DecimalColumn, InstantColumn } from '../driver/column-types.ts';

/** A training day; sessions take the days in turn. */
export interface ProgramDay {
  slug: string;
  liftIds: string[];
  /** In order; absent in days from before programs prescribed. */
  prescriptions?: StoredPrescription[];
}

/** The sets of a lift at one place of a day. */
export interface StoredPrescription extends PrescribedGroups {
  liftId: string;
}

export interface PrescribedGroups {
  /** Absent: the program's step. */
  roundTo?: string;
  groups: StoredSetGroup[];
}

/** Weights and shares are decimals in strings. */
export interface StoredSetGroup {
  kind: 'WARM_UP' | 'WORK' | 'AMRAP' | 'SUPPLEMENTAL';
  /** With a load of the stage: 0, as are reps. */
  sets: number;
  reps: number;
  /** The top of a range. */
  maxReps?: number;
  load: StoredLoad;
  /** Absent: every week of the cycle. */
  weeks?: number[];
}

type StoredMaxType = 'ONE_RM' | 'TRAINING_MAX' | 'ESTIMATED_ONE_RM';

export type StoredLoad =
  | { of: 'MAX' | 'STAGE'; maxType: StoredMaxType; percent: string }
  | { of: 'WEIGHT'; weight: string }
  /** `group` counts from 1. */
  | { of: 'GROUP'; group: number; amount: string }
  | { of: 'GROUP'; group: number; percent: string }
  | { of: 'RPE'; rpe: string };

export const ProgramEntity = defineEntity({
  name: 'Program',
  tableName: 'programs',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    slug: p.text(),
    name: p.text(),
    description: p.text(),
    source: p.text(),
    /** '', KILOGRAM or POUND. */
    unit: p.text(),
    weeksPerCycle: p.integer(),
    sessionsPerWeek: p.integer(),
    days: p.json().$type<ProgramDay[]>(),
    /** What prescribed loads are rounded to; null: the default of the unit. */
    loadStep: p.type(DecimalColumn).$type<Decimal>().nullable(),
    /** Which share of a one-rep max a training max is; null: the program does not say. */
    trainingMaxPercent: p.type(DecimalColumn).$type<Decimal>().nullable(),
    /** Goes up with every change of the program, its rows or their rules. */
    revision: p.bigint('bigint'),
    createdAt: p.type(InstantColumn).$type<bigint>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
    deletedAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type Program = InferEntity<typeof ProgramEntity>;
