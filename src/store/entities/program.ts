/** Table programs: a calendar and, in rows of their own, lifts and rules. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

/** A training day; sessions take the days in turn. */
export interface ProgramDay {
  slug: string;
  liftIds: string[];
}

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
    /** Goes up with every change of the program, its rows or their rules. */
    revision: p.bigint('bigint'),
    createdAt: p.type(InstantColumn).$type<bigint>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
    deletedAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type Program = InferEntity<typeof ProgramEntity>;
