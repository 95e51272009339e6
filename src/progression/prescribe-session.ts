/** PrescribeSession: what to lift on a day of the athlete's program. Reads, and writes nothing. */
import { create } from '@bufbuild/protobuf';
import type { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { enumValue } from '../calls/enum-name.ts';
import { DomainError, type FieldViolation, invalidFields } from '../errors/domain-error.ts';
import { WeightUnitSchema } from '../gen/progression/v1/program_service_pb.ts';
import {
  type PrescribeSessionRequest,
  type PrescribeSessionResponse,
  PrescribeSessionResponseSchema,
} from '../gen/progression/v1/progression_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import type { ProgramDay } from '../store/entities/program.ts';
import { requireUser } from '../store/lock-user.ts';
import { loadEquipment } from './engine/load-equipment.ts';
import { loadEnrollment } from './engine/load-ledger.ts';
import type { ProgramLoader } from './engine/load-program.ts';
import { loadRuleMemories } from './engine/load-snapshots.ts';
import {
  loadMaxesBefore,
  loadSessionStart,
  loadStagesBefore,
  type SessionStart,
} from './engine/load-state-before.ts';
import { createEquipment } from './evaluation/equipment/equipment.ts';
import type { CurrentStage } from './evaluation/plan.ts';
import { prescribe } from './evaluation/prescribe.ts';
import type { ProgramRules } from './evaluation/program-rules.ts';
import { ruleKey, stageWithin, type WeightUnit } from './evaluation/snapshot.ts';
import { loadStepIn } from './load-step.ts';
import { prescribedSetMessage } from './prescribed-set-message.ts';
import { loadAllMaxes } from './simulate-progressions.ts';

/**
 * Throws USER_NOT_FOUND, NOT_ENROLLED, EVENT_NOT_FOUND, EARLIER_ENROLLMENT, PROGRESSION_INVALID, VALIDATION_FAILED for an
 * unknown day or week.
 */
export async function prescribeSession(
  tx: Transaction,
  request: PrescribeSessionRequest,
  programs: ProgramLoader,
): Promise<PrescribeSessionResponse> {
  const { userId, beforeSessionId: sessionId } = request;
  // Statements of one Promise.all go to the database together: two round trips in all, three for an earlier session.
  const [, enrollment, { effective }] = await Promise.all([
    requireUser(tx, userId),
    loadEnrollment(tx, userId),
    loadEquipment(tx, userId),
  ]);
  if (!enrollment) {
    throw new DomainError('NOT_ENROLLED', `user ${userId} has no active enrollment`, {
      metadata: { userId },
    });
  }
  const { enrollmentId, programId, programRevision } = enrollment;
  const start = sessionId === '' ? null : await loadSessionStart(tx, { userId, sessionId, enrollmentId });
  const [maxes, { rules, stored }, content, place] = await Promise.all([
    start ? loadMaxesBefore(tx, start) : loadAllMaxes(tx, userId),
    loadRules(tx, userId, start, () => programs.load(tx, programId, programRevision)),
    loadContent(tx, programId),
    loadPlace(tx, userId, enrollmentId, start?.sequence),
  ]);
  const { day, week } = placeOf(
    {
      daySlug: request.daySlug || (content.days.length > 0 ? (start?.completedAs?.daySlug ?? '') : ''),
      weekNumber: request.weekNumber || (start?.completedAs?.weekNumber ?? 0),
    },
    content,
    place,
  );
  const { unit, loadStep } = content;
  const stages = stagesOf(rules, stored);
  const prescriptions = day?.prescriptions ?? [];
  const equipment = createEquipment(effective, unit);
  const state = { week: content.weeksPerCycle > 1 ? week : 1, unit, loadStep, equipment, maxes, stages };
  const prescribed = new Set(prescriptions.map(({ liftId }) => liftId));
  return create(PrescribeSessionResponseSchema, {
    programId,
    daySlug: day?.slug,
    weekNumber: week,
    unit: enumValue(WeightUnitSchema, unit),
    sets: prescribe(prescriptions, state).map(prescribedSetMessage),
    unprescribedLiftIds: (day?.liftIds ?? rules.liftIds).filter((liftId) => !prescribed.has(liftId)),
  });
}

/** The rules, and of those with stages the stage that is stored, or was before a session, by ruleKey. */
async function loadRules(
  tx: Transaction,
  userId: string,
  start: SessionStart | null,
  load: () => Promise<ProgramRules>,
): Promise<{ rules: ProgramRules; stored: ReadonlyMap<string, number> }> {
  const rules = await load();
  if (start) {
    return { rules, stored: await loadStagesBefore(tx, start) };
  }
  const subject = { userId, program: rules, assignments: rules.assignments };
  const memories = await loadRuleMemories(tx, [subject]);
  return { rules, stored: memories.get(userId)?.stages ?? new Map() };
}

export interface Content {
  readonly unit: WeightUnit;
  readonly weeksPerCycle: number;
  readonly sessionsPerWeek: number;
  readonly days: readonly ProgramDay[];
  readonly loadStep: Decimal | null;
}

export async function loadContent(tx: Transaction, programId: string): Promise<Content> {
  const { rows } = await sql<{
    unit: WeightUnit;
    weeks_per_cycle: number;
    sessions_per_week: number;
    days: ProgramDay[];
    load_step: string | null;
  }>`
    select unit, weeks_per_cycle, sessions_per_week, days, load_step from programs
    where account_id = ${tx.accountId} and id = ${programId}`.execute(tx.sql);
  const [row] = rows;
  if (!row) {
    throw new TypeError('an enrollment has no program');
  }
  return {
    unit: row.unit,
    weeksPerCycle: row.weeks_per_cycle,
    sessionsPerWeek: row.sessions_per_week,
    days: row.days,
    loadStep: loadStepIn(row.unit, row.load_step),
  };
}

/** Where the events of the enrollment left the athlete; null: there were none of that type. */
interface Place {
  readonly lastDaySlug: string | null;
  readonly week: number | null;
}

interface LatestEvent {
  readonly trigger_type: string;
  readonly detail: { daySlug?: string; weekNumber?: number; newWeek?: number } | null;
}

/** Now, or before a position of the order of acceptance. Events from before details were stored tell nothing here. */
export async function loadPlace(
  tx: Transaction,
  userId: string,
  enrollmentId: string,
  before?: string,
): Promise<Place> {
  const { rows } = await sql<LatestEvent>`
    select r.trigger_type, r.detail
    from enrollments e
    cross join unnest(array['AFTER_SESSION', 'AFTER_WEEK', 'AFTER_CYCLE']) as k(trigger_type)
    cross join lateral (
      select trigger_type, detail, sequence from requests
      where account_id = ${tx.accountId} and user_id = ${userId} and trigger_type = k.trigger_type
        and recorded_at >= e.started_at ${before === undefined ? sql`` : sql`and sequence < ${before}`}
      order by sequence desc limit 1
    ) r
    where e.account_id = ${tx.accountId} and e.id = ${enrollmentId}
    order by r.sequence desc`.execute(tx.sql);
  const session = rows.find((row) => row.trigger_type === 'AFTER_SESSION');
  const [latest] = rows;
  const week =
    latest?.trigger_type === 'AFTER_CYCLE' ? 1 : (latest?.detail?.newWeek ?? latest?.detail?.weekNumber);
  return { lastDaySlug: session?.detail?.daySlug ?? null, week: week ?? null };
}

/** The day and week that are asked for, else the next ones. A program without days has none. */
export function placeOf(
  { daySlug, weekNumber }: Pick<PrescribeSessionRequest, 'daySlug' | 'weekNumber'>,
  { days, weeksPerCycle }: Content,
  place: Place,
): { day: ProgramDay | undefined; week: number } {
  const asked = days.find(({ slug }) => slug === daySlug);
  const faults: FieldViolation[] = [];
  if (daySlug !== '' && !asked) {
    const known = days.map(({ slug }) => slug).join(', ') || 'none';
    const description = `must be a day of the program (${known}), or empty for the next one`;
    faults.push({ field: 'day_slug', description });
  }
  if (weekNumber > weeksPerCycle && weeksPerCycle > 1) {
    const description = `must be at most ${weeksPerCycle}, the weeks of the program's cycle, not ${weekNumber}`;
    faults.push({ field: 'week_number', description });
  }
  if (faults.length > 0) {
    throw invalidFields(faults);
  }
  const lastIndex = days.findIndex(({ slug }) => slug === place.lastDaySlug);
  const day = asked ?? days[(lastIndex + 1) % Math.max(days.length, 1)];
  return { day, week: weekNumber || (place.week ?? 1) };
}

/** Of each lift with an enabled stage progression, the stage that the athlete is at. */
export function stagesOf(
  { assignments }: ProgramRules,
  stored: ReadonlyMap<string, number>,
): Map<string, CurrentStage> {
  const stages = new Map<string, CurrentStage>();
  for (const { liftId, progressionId, enabled, rule } of assignments) {
    const index = stageWithin(rule, stored.get(ruleKey(liftId, progressionId)));
    const stage = rule.stages?.[index];
    if (enabled && stage && !stages.has(liftId)) {
      stages.set(liftId, { index, ...stage });
    }
  }
  return stages;
}
