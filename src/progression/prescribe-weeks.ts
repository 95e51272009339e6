/** PrescribeWeeks: what to lift in the weeks ahead, if training goes as supposed. Reads, and writes nothing. */
import { create } from '@bufbuild/protobuf';
import { enumValue } from '../calls/enum-name.ts';
import { WeightUnitSchema } from '../gen/progression/v1/program_service_pb.ts';
import {
  type PrescribeWeeksRequest,
  type PrescribeWeeksResponse,
  PrescribeWeeksResponseSchema,
} from '../gen/progression/v1/progression_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { requireUser } from '../store/lock-user.ts';
import type { Instant } from '../values/instant.ts';
import { loadEquipment } from './engine/load-equipment.ts';
import type { ProgramLoader } from './engine/load-program.ts';
import { simulate } from './engine/simulate.ts';
import { createEquipment } from './evaluation/equipment/equipment.ts';
import { prescribe } from './evaluation/prescribe.ts';
import { loadContent, loadPlace, placeOf, stagesOf } from './prescribe-session.ts';
import { prescribedSetMessage } from './prescribed-set-message.ts';
import { loadStart, performanceOf } from './simulate-progressions.ts';

/** Throws USER_NOT_FOUND, NOT_ENROLLED, PROGRESSION_INVALID. */
export async function prescribeWeeks(
  tx: Transaction,
  request: PrescribeWeeksRequest,
  programs: ProgramLoader,
  now: Instant,
): Promise<PrescribeWeeksResponse> {
  const { userId, weeks } = request;
  await requireUser(tx, userId);
  const start = await loadStart(tx, userId, programs);
  const { programId, liftIds } = start.program;
  const [content, place, { effective }] = await Promise.all([
    loadContent(tx, programId),
    loadPlace(tx, userId, start.enrollmentId),
    loadEquipment(tx, userId),
  ]);
  const { unit, loadStep, weeksPerCycle, sessionsPerWeek } = content;
  const days = content.days.length > 0 ? content.days : [{ slug: 'day', liftIds: [...liftIds] }];
  const next = placeOf({ daySlug: '', weekNumber: 0 }, { ...content, days }, place);
  const calendar = {
    ...{ weeksPerCycle, sessionsPerWeek, days },
    // A program whose weeks count on has one week in its cycle, whatever its number.
    start: {
      week: Math.min(next.week, weeksPerCycle),
      day: next.day ? days.indexOf(next.day) : 0,
    },
  };
  const equipment = createEquipment(effective, unit);
  const { sessions } = simulate(start, userId, calendar, weeks, performanceOf(request), now);
  return create(PrescribeWeeksResponseSchema, {
    programId,
    unit: enumValue(WeightUnitSchema, unit),
    sessions: sessions.map(({ at: { cycle, week, session, daySlug }, before }) => {
      const prescriptions = days.find(({ slug }) => slug === daySlug)?.prescriptions ?? [];
      const stages = stagesOf(before.program, before.stages);
      const sets = prescribe(prescriptions, { week, unit, loadStep, equipment, maxes: before.maxes, stages });
      return { session, cycle, weekNumber: week, daySlug, sets: sets.map(prescribedSetMessage) };
    }),
  });
}
