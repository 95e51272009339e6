/** Builders that insert catalogue, athlete and starting maxes into the tables. */
import { Decimal } from 'decimal.js';
import { v7 as uuidv7 } from 'uuid';
import type { Database, Transaction } from '../../src/store/database.ts';
import { EnrollmentEntity } from '../../src/store/entities/enrollment.ts';
import { LiftEntity } from '../../src/store/entities/lift.ts';
import { LiftMaxEntity } from '../../src/store/entities/lift-max.ts';
import { ProgramEntity } from '../../src/store/entities/program.ts';
import { ProgramLiftEntity } from '../../src/store/entities/program-lift.ts';
import { ProgramProgressionEntity } from '../../src/store/entities/program-progression.ts';
import { ProgressionEntity } from '../../src/store/entities/progression.ts';
import { UserEntity } from '../../src/store/entities/user.ts';
import type { Instant } from '../../src/values/instant.ts';
import { systemClock } from '../../src/values/system-clock.ts';

/** A rule and its row in the program. */
export interface RuleFixture {
  readonly type: string;
  /** As stored: camelCase names, weights as strings. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Defaults to the rule's position in the list, from 1. */
  readonly priority?: number;
  /** Absent: every lift of the program. */
  readonly liftSlug?: string;
  readonly enabled?: boolean;
  readonly overrideIncrement?: string;
}

export interface AthleteFixture {
  /** Lifts of the program by slug, each with the athlete's starting max; null for a lift without one. */
  readonly lifts: Readonly<Record<string, string | null>>;
  readonly rules?: readonly RuleFixture[];
  /** The type of the starting maxes. */
  readonly maxType?: 'ONE_RM' | 'TRAINING_MAX' | 'ESTIMATED_ONE_RM';
  /** Absent: 1, so that weeks are not limited. */
  readonly weeksPerCycle?: number;
  readonly sessionsPerWeek?: number;
  /** Absent: an account of its own. */
  readonly accountId?: string;
  /** False: the athlete is in no program. */
  readonly enrolled?: boolean;
}

export interface Athlete {
  readonly accountId: string;
  readonly userId: string;
  readonly programId: string;
  /** '' when the athlete is in no program. */
  readonly enrollmentId: string;
  readonly liftIds: Readonly<Record<string, string>>;
  /** In the order of the rules. */
  readonly progressionIds: readonly string[];
  readonly programProgressionIds: readonly string[];
}

/** An athlete with starting maxes, enrolled in a program of their own with these lifts and rules. */
export async function createAthlete(database: Database, fixture: AthleteFixture): Promise<Athlete> {
  const accountId = fixture.accountId ?? uuidv7();
  await database.ensureAccount(accountId);
  return database.transaction(accountId, async (tx) => {
    const now = systemClock();
    const liftIds = await insertLifts(tx, Object.keys(fixture.lifts), now);
    const programId = await insertProgram(tx, fixture, Object.values(liftIds), now);
    const rules = await insertRules(tx, programId, fixture.rules ?? [], liftIds, now);
    const userId = await insertUser(tx, now);
    for (const [slug, value] of Object.entries(fixture.lifts)) {
      if (value !== null) {
        await insertLiftMax(
          tx,
          { userId, liftId: idOf(liftIds, slug), maxType: fixture.maxType, value },
          now,
        );
      }
    }
    const enrollmentId = fixture.enrolled === false ? '' : await insertEnrollment(tx, userId, programId, now);
    return { accountId, userId, programId, enrollmentId, liftIds, ...rules };
  });
}

/** Another athlete of the same account in the same program, with starting maxes by lift slug. */
export async function createTeammate(
  database: Database,
  athlete: Athlete,
  lifts: Readonly<Record<string, string>> = {},
  maxType?: AthleteFixture['maxType'],
): Promise<Athlete> {
  return database.transaction(athlete.accountId, async (tx) => {
    const now = systemClock();
    const userId = await insertUser(tx, now);
    for (const [slug, value] of Object.entries(lifts)) {
      await insertLiftMax(tx, { userId, liftId: idOf(athlete.liftIds, slug), maxType, value }, now);
    }
    const enrollmentId = await insertEnrollment(tx, userId, athlete.programId, now);
    return { ...athlete, userId, enrollmentId };
  });
}

async function insertLifts(tx: Transaction, slugs: readonly string[], now: Instant) {
  const liftIds: Record<string, string> = {};
  for (const slug of slugs) {
    // An account's athletes may share lifts.
    const known = await tx.em.findOne(LiftEntity, { accountId: tx.accountId, slug, deletedAt: null });
    const id = known?.id ?? uuidv7();
    liftIds[slug] = id;
    if (!known) {
      const row = { accountId: tx.accountId, id, slug, name: slug, createdAt: now, updatedAt: now };
      await tx.em.insert(LiftEntity, { ...row, deletedAt: null });
    }
  }
  return liftIds;
}

async function insertProgram(
  tx: Transaction,
  fixture: AthleteFixture,
  liftIds: readonly string[],
  now: Instant,
): Promise<string> {
  const id = uuidv7();
  await tx.em.insert(ProgramEntity, {
    accountId: tx.accountId,
    id,
    slug: `program-${id}`,
    name: 'A program',
    description: '',
    source: '',
    unit: '',
    weeksPerCycle: fixture.weeksPerCycle ?? 1,
    sessionsPerWeek: fixture.sessionsPerWeek ?? 3,
    days: [],
    revision: 1n,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  });
  for (const [position, liftId] of liftIds.entries()) {
    await tx.em.insert(ProgramLiftEntity, { accountId: tx.accountId, programId: id, liftId, position });
  }
  return id;
}

async function insertRules(
  tx: Transaction,
  programId: string,
  rules: readonly RuleFixture[],
  liftIds: Readonly<Record<string, string>>,
  now: Instant,
) {
  const progressionIds: string[] = [];
  const programProgressionIds: string[] = [];
  for (const [index, rule] of rules.entries()) {
    const [progressionId, id] = [uuidv7(), uuidv7()];
    const times = { createdAt: now, updatedAt: now };
    await tx.em.insert(ProgressionEntity, {
      accountId: tx.accountId,
      id: progressionId,
      name: `${rule.type} ${index + 1}`,
      type: rule.type,
      parameters: { ...rule.parameters },
      ...times,
      deletedAt: null,
    });
    await tx.em.insert(ProgramProgressionEntity, {
      accountId: tx.accountId,
      id,
      programId,
      progressionId,
      liftId: rule.liftSlug === undefined ? null : idOf(liftIds, rule.liftSlug),
      priority: rule.priority ?? index + 1,
      enabled: rule.enabled ?? true,
      overrideIncrement: rule.overrideIncrement === undefined ? null : new Decimal(rule.overrideIncrement),
      ...times,
    });
    progressionIds.push(progressionId);
    programProgressionIds.push(id);
  }
  return { progressionIds, programProgressionIds };
}

async function insertUser(tx: Transaction, now: Instant): Promise<string> {
  const id = uuidv7();
  await tx.em.insert(UserEntity, {
    accountId: tx.accountId,
    id,
    name: 'An athlete',
    timeZone: null,
    birthDate: null,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  });
  return id;
}

/** The first version of a max; defaults to the training max. */
export async function insertLiftMax(
  tx: Transaction,
  max: { userId: string; liftId: string; maxType?: string; value: string; version?: number },
  now: Instant = systemClock(),
): Promise<string> {
  const id = uuidv7();
  await tx.em.insert(LiftMaxEntity, {
    accountId: tx.accountId,
    id,
    userId: max.userId,
    liftId: max.liftId,
    maxType: max.maxType ?? 'TRAINING_MAX',
    version: max.version ?? 1,
    value: new Decimal(max.value),
    unit: '',
    source: 'MANUAL',
    reason: '',
    effectiveAt: now,
    recordedAt: now,
  });
  return id;
}

async function insertEnrollment(tx: Transaction, userId: string, programId: string, now: Instant) {
  const id = uuidv7();
  await tx.em.insert(EnrollmentEntity, {
    accountId: tx.accountId,
    id,
    userId,
    programId,
    status: 'ACTIVE',
    startedAt: now,
    endedAt: null,
  });
  return id;
}

function idOf(ids: Readonly<Record<string, string>>, slug: string): string {
  const id = ids[slug];
  if (!id) {
    throw new TypeError(`the fixture has no lift ${slug}`);
  }
  return id;
}
