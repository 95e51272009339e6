/**
 * Sets that arrive after their session's end: they take the place that they would have had before it, and the session is
 * decided again for their lifts. Where a later application stands in the way, they count as any others.
 */
import { sql } from 'kysely';
import type { Change } from '../../store/change.ts';
import type { Instant } from '../../values/instant.ts';
import { evaluate } from '../evaluation/evaluate.ts';
import type { Plan, RuleResult } from '../evaluation/plan.ts';
import type { Assignment, ProgramRules } from '../evaluation/program-rules.ts';
import { maxKey } from '../evaluation/snapshot.ts';
import type { SetsLogged, StoredSet } from '../evaluation/trigger-event.ts';
import { type Compensation, compensate } from './compensate.ts';
import type { EndItem, History, SetItem } from './history.ts';
import type { OpenCommand } from './load-group.ts';
import { loadHistory } from './load-history.ts';
import { loadTakenInstants } from './load-snapshots.ts';
import type { PreparedEvent } from './prepare-event.ts';
import { type Redecision, redecide } from './redecide.ts';
import type { ReplayStart } from './replay.ts';

/** What the sets did, and what has to be undone for it. */
export interface LateDecision {
  readonly plan: Plan;
  /** Undoes, in the transaction; called once nothing can be refused any more. */
  undo(change: Change): Promise<Compensation[]>;
  /** Gives the sets their place; called when they are stored. */
  place(change: Pick<Change, 'tx'>): Promise<void>;
}

/** Whether a session's end decides something by the rule. */
export function looksAtSessions({ rule }: Pick<Assignment, 'rule'>): boolean {
  return rule.triggerType === 'AFTER_SESSION' || rule.countBy === 'SESSION';
}

/** The rules of one lift alone. */
export function rulesOfLift(program: ProgramRules, liftId: string): ProgramRules {
  const assignments = program.assignments.filter((assignment) => assignment.liftId === liftId);
  return { ...program, assignments };
}

/** The end of the session that names the lift. */
export function endOf({ ends }: History, sessionId: string, liftId: string): EndItem | undefined {
  return ends.find(({ detail }) => detail.sessionId === sessionId && detail.liftsPerformed.includes(liftId));
}

/** The history with the session's sets of the lift that came after its end before it. */
export function withSetsBefore(history: History, end: EndItem, liftId: string): History {
  return {
    ...history,
    sets: history.sets.map((item) =>
      isOfSession(item, end.detail.sessionId, liftId) && item.sequence > end.sequence
        ? { ...item, sequence: end.sequence }
        : item,
    ),
  };
}

/** A set of the lift in the session, or the session's end that names the lift. */
export function isOfSession(item: SetItem | EndItem, sessionId: string, liftId: string): boolean {
  return 'set' in item
    ? item.sessionId === sessionId && item.set.liftId === liftId
    : item.detail.sessionId === sessionId && item.detail.liftsPerformed.includes(liftId);
}

/** `prepared` has at least one new set. */
export async function decideLateSets(
  { tx }: Pick<Change, 'tx'>,
  { command, enrollment }: OpenCommand,
  { event, sets: receipts, snapshot }: PreparedEvent,
): Promise<LateDecision> {
  const { userId } = command;
  const { sessionId } = event.detail as SetsLogged;
  const sets = receipts.filter(({ isAlreadyLogged }) => !isAlreadyLogged).map(({ set }) => set);
  const { program, overrides } = snapshot;
  const liftIds = [...new Set(sets.map(({ liftId }) => liftId))].filter((liftId) =>
    rulesOfLift(program, liftId).assignments.some(looksAtSessions),
  );
  const history = await loadHistory(tx, { userId, liftIds, from: enrollment.activeFromSequence });
  const takenInstants = await loadInstantsOf(tx, userId, sessionId, history, sets);
  const placed: { liftId: string; end: EndItem; redecision: Redecision }[] = [];
  for (const liftId of liftIds) {
    const start = {
      ...{ userId, enrollmentId: enrollment.enrollmentId, program: rulesOfLift(program, liftId) },
      ...{ overrides, takenInstants },
    };
    const end = endOf(history, sessionId, liftId);
    const redecision = end && redecideWith(history, end, liftId, start, sets);
    if (end && redecision?.inTheWay.length === 0) {
      placed.push({ liftId, end, redecision });
    }
  }
  const placedLifts = new Set(placed.map(({ liftId }) => liftId));
  const others = sets.filter(({ liftId }) => !placedLifts.has(liftId));
  const rest = evaluate({ ...event, detail: { type: 'SETS_LOGGED', sessionId, sets: others } }, snapshot);
  const unheard = liftIds.filter((liftId) => !placedLifts.has(liftId));
  const again = placed.flatMap(({ redecision }) => redecision.decided.map(({ plan }) => plan.results));
  const undone = placed.flatMap(({ redecision }) => redecision.undone);
  return {
    plan: {
      results: [
        ...again.flat(),
        ...rest.results,
        ...unheard.flatMap((liftId) => alreadyCompleted(rulesOfLift(program, liftId), snapshot.maxes)),
      ],
      failureCounts: [...rest.failureCounts, ...placed.flatMap(({ redecision }) => redecision.failureCounts)],
      stages: [...rest.stages, ...placed.flatMap(({ redecision }) => redecision.stages)],
    },
    undo(change) {
      const reason = `sets of session ${sessionId} arrived after its end`;
      return compensate(change, userId, history, undone, { reason, method: command.method });
    },
    async place({ tx: { accountId, sql: statements } }) {
      for (const { liftId, end } of placed) {
        await sql`
          update logged_sets set sequence = ${String(end.sequence)}
          where account_id = ${accountId} and user_id = ${userId} and session_id = ${sessionId}
            and lift_id = ${liftId} and sequence > ${String(end.sequence)}`.execute(statements);
      }
    },
  };
}

function redecideWith(
  history: History,
  end: EndItem,
  liftId: string,
  start: Omit<ReplayStart, 'maxes'>,
  sets: readonly StoredSet[],
): Redecision {
  const { sessionId } = end.detail;
  const before = withSetsBefore(history, end, liftId);
  const late = sets
    .filter((set) => set.liftId === liftId)
    .map((set): SetItem => ({ sequence: end.sequence, sessionId, recordedAt: 'now', set }));
  return redecide({
    ...{ liftId, start, before: history, after: { ...before, sets: [...before.sets, ...late] } },
    isUndone: (version) => version.log.sessionId === sessionId && version.sequence > history.from,
    isDecidedAgain: (item) => isOfSession(item, sessionId, liftId) && item.sequence > history.from,
  });
}

/** The instants near those at which the session's events date their applications. */
export async function loadInstantsOf(
  tx: Change['tx'],
  userId: string,
  sessionId: string,
  { sets, ends }: Pick<History, 'sets' | 'ends'>,
  further: readonly StoredSet[] = [],
): Promise<ReadonlySet<Instant>> {
  const times = [
    ...further.map(({ performedAt }) => performedAt),
    ...sets.filter((item) => item.sessionId === sessionId).map(({ set }) => set.performedAt),
    ...ends.filter(({ detail }) => detail.sessionId === sessionId).map(({ occurredAt }) => occurredAt),
  ].toSorted((a, b) => Number(a - b));
  const [from, to] = [times[0], times.at(-1)];
  if (from === undefined || to === undefined) {
    return new Set();
  }
  return (await loadTakenInstants(tx, [{ userId, from, to }])).get(userId) ?? new Set();
}

/** Says of every rule that the session's end would have asked that it was not asked again. */
function alreadyCompleted(program: ProgramRules, maxes: PreparedEvent['snapshot']['maxes']): RuleResult[] {
  return program.assignments
    .filter(looksAtSessions)
    .map(({ programProgressionId, progressionId, liftId, rule }) => ({
      ...{ programProgressionId, progressionId, liftId, overrideId: null },
      ...{ maxType: rule.maxType, triggerType: rule.triggerType, reason: 'SESSION_ALREADY_COMPLETED' },
      ...{ application: null, value: maxes.get(maxKey(liftId, rule.maxType))?.value ?? null },
      ...{ stageBefore: null, stage: null, earlierLogId: null },
    }));
}
