/** Table program_lifts: which lifts a program trains, in order. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const ProgramLiftEntity = defineEntity({
  name: 'ProgramLift',
  tableName: 'program_lifts',
  properties: {
    accountId: p.uuid().primary(),
    programId: p.uuid().primary(),
    liftId: p.uuid().primary(),
    position: p.integer(),
  },
});

export type ProgramLift = InferEntity<typeof ProgramLiftEntity>;
