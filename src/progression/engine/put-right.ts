/** Writes what putting an athlete's history right comes to: all of it, or a refusal that names what is in the way. */
import { DomainError } from '../../errors/domain-error.ts';
import { audit, type Change } from '../../store/change.ts';
import { writeFacts } from '../../store/outbox.ts';
import type { RuleResult } from '../evaluation/plan.ts';
import { ruleKey } from '../evaluation/snapshot.ts';
import { type AppliedVersion, type Compensation, compensate, notLatest } from './compensate.ts';
import { planFacts } from './facts.ts';
import type { EndItem, History, SetItem } from './history.ts';
import { loadInstantsOf, rulesOfLift } from './late-sets.ts';
import { loadHistory } from './load-history.ts';
import { type ActiveEnrollment, loadEnrollment } from './load-ledger.ts';
import type { LoadedProgram, ProgramLoader } from './load-program.ts';
import { type Redecision, redecide } from './redecide.ts';
import type { CounterReading } from './trigger-command.ts';
import { newLogIds, writeApplications, writeStates } from './write-plan.ts';

/** The athlete's ACTIVE enrollment, and the history of the lifts since it began or was last resumed. */
export interface Standing {
  readonly userId: string;
  readonly enrollment: ActiveEnrollment;
  readonly program: LoadedProgram;
  readonly liftIds: readonly string[];
  readonly history: History;
}

/** What is put right, and why. */
export interface Correction {
  readonly after: History;
  readonly isUndone: (version: AppliedVersion) => boolean;
  readonly isDecidedAgain: (item: SetItem | EndItem, liftId: string) => boolean;
  readonly sessionId: string | null;
  readonly reason: string;
  /** The method that was called. */
  readonly method: 'RevertEvent' | 'CorrectSets';
}

export interface PutRight {
  readonly compensations: readonly Compensation[];
  readonly results: readonly RuleResult[];
  readonly logIds: readonly (string | null)[];
  readonly counters: readonly CounterReading[];
}

/** The athlete's lock is held. NOT_ENROLLED, PROGRESSION_INVALID. */
export async function loadStanding(
  { tx }: Pick<Change, 'tx'>,
  userId: string,
  liftIds: readonly string[],
  programs: ProgramLoader,
): Promise<Standing> {
  const enrollment = await loadEnrollment(tx, userId);
  if (!enrollment) {
    throw new DomainError('NOT_ENROLLED', `user ${userId} has no active enrollment`, {
      metadata: { userId },
    });
  }
  const program = await programs.load(tx, enrollment.programId, enrollment.programRevision);
  const history = await loadHistory(tx, { userId, liftIds, from: enrollment.activeFromSequence });
  return { userId, enrollment, program, liftIds, history };
}

/** EARLIER_ENROLLMENT for what was accepted before the enrollment began or was last resumed. */
export function refuseEarlier({ enrollment, userId }: Standing, sequences: readonly bigint[]): void {
  if (sequences.some((sequence) => sequence <= BigInt(enrollment.activeFromSequence))) {
    throw new DomainError(
      'EARLIER_ENROLLMENT',
      `this is from before the ACTIVE enrollment of user ${userId} began or was last resumed`,
      { metadata: { userId, enrollmentId: enrollment.enrollmentId } },
    );
  }
}

/** NOT_LATEST_APPLICATION, before the first write. */
export async function putRight(
  change: Change,
  standing: Standing,
  { after, isUndone, isDecidedAgain, sessionId, reason, method }: Correction,
): Promise<PutRight> {
  const { tx, now, origin } = change;
  const { userId, enrollment, program, liftIds, history } = standing;
  const takenInstants = sessionId ? await loadInstantsOf(tx, userId, sessionId, after) : new Set<bigint>();
  const redecisions = liftIds.map((liftId) =>
    redecide({
      ...{ liftId, before: history, after, isUndone },
      isDecidedAgain: (item) => isDecidedAgain(item, liftId),
      start: {
        ...{ userId, enrollmentId: enrollment.enrollmentId, program: rulesOfLift(program, liftId) },
        ...{ overrides: enrollment.overrides, takenInstants },
      },
    }),
  );
  const inTheWay = redecisions.flatMap((redecision) => redecision.inTheWay);
  if (inTheWay.length > 0) {
    throw notLatest(inTheWay, { userId });
  }
  const undone = redecisions.flatMap((redecision) => redecision.undone);
  const compensations = await compensate(change, userId, history, undone, { reason, method });
  const results = redecisions.flatMap(({ decided }) => decided.flatMap(({ plan }) => plan.results));
  const logIds = newLogIds(results);
  writeApplications(tx, results, logIds, { userId, sessionId, recordedAt: now });
  for (const redecision of redecisions) {
    writeStates(tx, userId, history, redecision);
  }
  const facts = planFacts({ programId: enrollment.programId, sessionId: sessionId ?? null }, results, logIds);
  writeFacts(tx, facts, { userId, ...origin, occurredAt: now, recordedAt: now });
  return { compensations, results, logIds, counters: countersOf(standing, redecisions) };
}

/** The entry of the audit trail: what was undone, and what took its place. */
export function auditPutRight(
  change: Change,
  { targetId, userId, reason, method, before }: PutRightAudit,
  { compensations, logIds }: Pick<PutRight, 'compensations' | 'logIds'>,
): void {
  audit(change, {
    action: method,
    targetType: 'event',
    targetId,
    userId,
    reason,
    before,
    after: {
      revertedLogIds: compensations.map(({ undone }) => undone.log.logId),
      logIds: [...compensations.map(({ logId }) => logId), ...logIds.filter((id) => id !== null)],
    },
  });
}

interface PutRightAudit extends Pick<Correction, 'reason' | 'method'> {
  /** The session, or the request that reported the event. */
  readonly targetId: string;
  readonly userId: string;
  readonly before: Record<string, unknown>;
}

function countersOf(
  { program, liftIds, history }: Standing,
  redecisions: readonly Redecision[],
): CounterReading[] {
  const changed = new Map(
    redecisions.flatMap(({ failureCounts }) =>
      failureCounts.map(({ liftId, progressionId, value }) => [ruleKey(liftId, progressionId), value]),
    ),
  );
  return program.assignments
    .filter(({ rule, liftId }) => rule.triggerType === 'ON_FAILURE' && liftIds.includes(liftId))
    .map(({ liftId, progressionId }) => {
      const key = ruleKey(liftId, progressionId);
      const count = changed.get(key) ?? history.failureCounts.get(key);
      const never = { consecutiveFailures: 0, lastFailureAt: null, lastSuccessAt: null };
      return { ...never, ...count, liftId, progressionId };
    });
}
