/**
 * Decides queued enrollments again when their business hours begin: each one starts, stays queued, or is
 * cancelled.
 */
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { instantToText } from '../../values/instant.ts';
import { decide, enrolls, type Verdict } from '../decision/decide.ts';
import { matchEvent } from '../decision/match-event.ts';
import { isCausedByEvent } from './evaluation-failures.ts';
import type { EvaluatorDeps } from './evaluator.ts';
import { loadEnrollmentState } from './load-enrollment-state.ts';
import { loadEventSubjects } from './load-event-subjects.ts';
import {
  cancelQueued,
  loadHeldCapCounters,
  lockQueued,
  type QueuedEnrollment,
  releaseCapSlots,
  requeue,
  retryQueuedLater,
  startQueued,
  toStartingEvent,
} from './queued-enrollment.ts';
import { takeCapSlots, writeHolds } from './write-verdicts.ts';

export interface Releaser {
  /** Decides the due enrollments, at most `releasedEnrollments`. True when more may be due. */
  runOnce(): Promise<boolean>;
}

export function createReleaser(deps: EvaluatorDeps): Releaser {
  const { database, clock, limits } = deps;
  return {
    async runOnce() {
      const due = await database.acrossAccounts(
        async (across) =>
          (
            await sql<{ account_id: string; id: string }>`
              select account_id, id from workflow_enrollments
              where state = 'QUEUED' and due_at <= ${instantToText(clock())}::timestamptz
              order by due_at
              limit ${limits.releasedEnrollments}`.execute(across)
          ).rows,
      );
      for (const { account_id, id } of due) {
        await release(account_id, id);
      }
      return due.length === limits.releasedEnrollments;
    },
  };

  async function release(accountId: string, enrollmentId: string): Promise<void> {
    const withQueued = (work: (tx: Transaction, enrollment: QueuedEnrollment) => Promise<void>) =>
      database.transaction(accountId, async (tx) => {
        const enrollment = await lockQueued(tx, enrollmentId, clock());
        await (enrollment && work(tx, enrollment));
      });
    try {
      await withQueued(decideAgain);
    } catch (error) {
      if (!isCausedByEvent(error)) {
        throw error;
      }
      deps.reportError(error);
      await withQueued((tx, enrollment) => retryQueuedLater(tx, enrollment, clock(), limits));
    }
  }

  /** Decides from scratch; the cap slot that the enrollment holds does not count against it. */
  async function decideAgain(tx: Transaction, enrollment: QueuedEnrollment): Promise<void> {
    const now = clock();
    const [held] = await loadHeldCapCounters(tx, [enrollment]);
    const event = toStartingEvent(enrollment);
    // A backfill enrolls without an event, so there is no event to match.
    const isBackfill = enrollment.eventId === null;
    const triggers = await deps.candidates.load(tx);
    const trigger = triggers.find(enrollment.triggerId);
    if (!trigger || !(isBackfill || triggers.candidates(event).includes(trigger))) {
      await cancelQueued(tx, enrollment, trigger ? 'NOT_MATCHED' : 'TRIGGER_INACTIVE', now);
      await (held && releaseCapSlots(tx, [held]));
      return;
    }
    const subjectOf = await loadEventSubjects(tx, [{ event, triggers: [trigger] }]);
    const matches = matchEvent(event, [trigger], subjectOf(event)).map((match) =>
      isBackfill ? { ...match, matched: true } : match,
    );
    const decision = { now, limits, ownEnrollmentId: enrollment.id };
    const state = await loadEnrollmentState(tx, matches, decision, { locksCaps: true });
    if (held) {
      state.setCount(held, state.count(held) - 1);
    }
    for (const match of matches) {
      const verdict = decide(match, state, decision);
      if (held && verdict.reason !== 'ERROR') {
        await releaseCapSlots(tx, [held]);
      }
      await applyVerdict(tx, enrollment, verdict);
    }
  }

  async function applyVerdict(
    tx: Transaction,
    enrollment: QueuedEnrollment,
    verdict: Verdict,
  ): Promise<void> {
    const now = clock();
    const { match, reason, opensAt, workflowVersion, exitEvents } = verdict;
    const triggerVersion = match.trigger.version;
    if (enrolls(verdict)) {
      await takeCapSlots(tx, [verdict]);
    }
    await writeHolds(tx, [verdict], now);
    if (reason === 'ENROLLED') {
      await startQueued(tx, enrollment, { triggerVersion, workflowVersion, exitEvents }, now);
    } else if (opensAt !== null) {
      await requeue(tx, enrollment, { triggerVersion, opensAt });
    } else if (reason === 'ERROR') {
      await retryQueuedLater(tx, enrollment, now, limits);
    } else {
      await cancelQueued(tx, enrollment, reason, now);
    }
  }
}
