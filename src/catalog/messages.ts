/** Converts rows of the catalogue to messages. */
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { enumValue } from '../calls/enum-name.ts';
import { ProgressionTypeSchema } from '../gen/progression/v1/common_pb.ts';
import {
  type CatalogProgramSchema,
  type EnrollmentSchema,
  EnrollmentStatusSchema,
  type LiftSchema,
  type ProgramProgressionSchema,
  type ProgramSchema,
  type ProgressionSchema,
  WeightUnitSchema,
} from '../gen/progression/v1/program_service_pb.ts';
import type { UserSchema } from '../gen/progression/v1/user_service_pb.ts';
import type { Enrollment } from '../store/entities/enrollment.ts';
import type { Lift } from '../store/entities/lift.ts';
import type { ProgramProgression } from '../store/entities/program-progression.ts';
import type { Progression } from '../store/entities/progression.ts';
import type { User } from '../store/entities/user.ts';
import { type Instant, instantToTimestamp } from '../values/instant.ts';
import type { Blueprint } from './programs/blueprint.ts';
import { prescriptionMessage } from './programs/prescriptions.ts';
import type { ProgramWithLifts } from './programs/programs.ts';
import { parametersFromStored } from './rules/rule-from-stored.ts';

function lifetime(row: { createdAt: Instant; updatedAt: Instant }) {
  return { createdAt: instantToTimestamp(row.createdAt), updatedAt: instantToTimestamp(row.updatedAt) };
}

export function liftMessage(lift: Lift): MessageInitShape<typeof LiftSchema> {
  return { id: lift.id, slug: lift.slug, name: lift.name, ...lifetime(lift) };
}

export function progressionMessage(progression: Progression): MessageInitShape<typeof ProgressionSchema> {
  const { id, name, type } = progression;
  return {
    id,
    name,
    type: enumValue(ProgressionTypeSchema, type),
    parameters: parametersFromStored(progression),
    ...lifetime(progression),
  };
}

export function programMessage({ program, lifts }: ProgramWithLifts): MessageInitShape<typeof ProgramSchema> {
  return {
    id: program.id,
    slug: program.slug,
    name: program.name,
    description: program.description,
    source: program.source,
    unit: enumValue(WeightUnitSchema, program.unit),
    weeksPerCycle: program.weeksPerCycle,
    sessionsPerWeek: program.sessionsPerWeek,
    loadStep: program.loadStep?.toFixed(),
    trainingMaxPercent: program.trainingMaxPercent?.toFixed(),
    days: program.days.map(({ slug, liftIds, prescriptions }) => ({
      ...{ slug, liftIds, prescriptions: prescriptions?.map(prescriptionMessage) },
    })),
    lifts: lifts.map(liftMessage),
    ...lifetime(program),
  };
}

export function catalogProgramMessage(program: Blueprint): MessageInitShape<typeof CatalogProgramSchema> {
  const { slug, name, description, source, weeksPerCycle, sessionsPerWeek } = program;
  const unit = enumValue(WeightUnitSchema, program.unit);
  const liftSlugs = program.lifts.map((lift) => lift.slug);
  return { slug, name, description, source, unit, weeksPerCycle, sessionsPerWeek, liftSlugs };
}

export function programProgressionMessage(
  row: ProgramProgression,
): MessageInitShape<typeof ProgramProgressionSchema> {
  return {
    id: row.id,
    programId: row.programId,
    progressionId: row.progressionId,
    liftId: row.liftId ?? '',
    priority: row.priority,
    enabled: row.enabled,
    overrideIncrement: row.overrideIncrement?.toFixed() ?? '',
    ...lifetime(row),
  };
}

export function enrollmentMessage(enrollment: Enrollment): MessageInitShape<typeof EnrollmentSchema> {
  const { id, userId, programId, status, startedAt, endedAt } = enrollment;
  return {
    id,
    userId,
    programId,
    status: enumValue(EnrollmentStatusSchema, status),
    startedAt: instantToTimestamp(startedAt),
    endedAt: endedAt === null || endedAt === undefined ? undefined : instantToTimestamp(endedAt),
  };
}

export function userMessage(user: User): MessageInitShape<typeof UserSchema> {
  return {
    id: user.id,
    name: user.name,
    timeZone: user.timeZone ?? '',
    birthDate: user.birthDate ?? '',
    tags: user.tags,
    attributes: user.attributes as JsonObject,
    optedOut: user.optedOutAt !== null && user.optedOutAt !== undefined,
    ...lifetime(user),
  };
}
