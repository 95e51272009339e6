/**
 * Decides again what one lift's events did, after its history was put right: which applications are undone, what takes
 * their place, and what that does to counters and stages. Pure.
 */
import type { RuleMemory } from '../evaluation/plan.ts';
import { type CurrentMax, type FailureCount, ruleKey } from '../evaluation/snapshot.ts';
import { type AppliedVersion, currentVersions, stands } from './compensate.ts';
import type { EndItem, History, SetItem, VersionItem } from './history.ts';
import { keptVersions, keyOf, renumber } from './kept-applications.ts';
import { isMisledPeriod } from './misled-periods.ts';
import { type Redecided, type ReplayStart, replay } from './replay.ts';

export interface RedecisionRequest {
  readonly liftId: string;
  /** As it was. */
  readonly before: History;
  /** As it is. */
  readonly after: History;
  /** The rules of this lift. */
  readonly start: Omit<ReplayStart, 'maxes'>;
  /** Applications that are undone, unless they are decided the same again. */
  readonly isUndone: (version: AppliedVersion) => boolean;
  /** Sets and ends whose rules decide again. */
  readonly isDecidedAgain: (item: SetItem | EndItem) => boolean;
}

export interface Redecision {
  readonly undone: readonly AppliedVersion[];
  /** What is decided the same is ALREADY_APPLIED. */
  readonly decided: readonly Redecided[];
  /** What changes. */
  readonly failureCounts: readonly RuleMemory<FailureCount>[];
  readonly stages: readonly RuleMemory<number>[];
  /** Standing versions, and applications that a person reverted, for which nothing of this may be done. */
  readonly inTheWay: readonly VersionItem[];
}

export function redecide(request: RedecisionRequest): Redecision {
  const { liftId, before, after, start, isDecidedAgain } = request;
  const isApplied = (version: VersionItem): version is AppliedVersion =>
    version.liftId === liftId && version.source === 'PROGRESSION' && version.log !== null && stands(version);
  const own = before.versions.filter(isApplied).filter(request.isUndone);
  const again = [...after.sets, ...after.ends].filter(isDecidedAgain).map(({ sequence }) => sequence);
  const concerned = [
    ...again,
    ...[...before.sets, ...before.ends].filter(isDecidedAgain).map(({ sequence }) => sequence),
    ...own.map(({ sequence }) => sequence),
  ].toSorted((a, b) => Number(a - b));
  const [first = 0n] = concerned;
  const bases = startingVersions(before, own, liftId, first);
  const replayed = { ...after, versions: withReverted(after.versions, own) };
  const maxes = new Map([...bases].map(([key, { max }]) => [key, max]));
  const options = { isDecidedAgain };
  const now = replay(replayed, { ...start, maxes }, options);
  const kept = keptVersions(own, now.decided);
  const undone = own.filter((version) => !kept.get(keyOf(version))?.includes(version));
  const decided = renumber(now.decided, kept);
  const changed = new Set([...undone.map(keyOf), ...decided.flatMap(appliedKeys)]);
  const once = replay(before, { ...start, maxes });
  const isLater = (version: VersionItem) => {
    const key = keyOf(version);
    const last = kept.get(key)?.at(-1)?.version ?? bases.get(key)?.after ?? 0;
    return changed.has(key) && version.version > last;
  };
  /** Applications of a rule whose counter or stage was another one when they were decided. */
  const isMisled = ({ log, sequence }: VersionItem) => {
    if (log === null || sequence <= first) {
      return false;
    }
    const key = ruleKey(liftId, log.progressionId);
    const until = sequence - 1n;
    const old = replay(before, { ...start, maxes }, { until });
    const other = replay(replayed, { ...start, maxes }, { ...options, until });
    return (
      (old.failureCounts.get(key)?.consecutiveFailures ?? 0) !==
        (other.failureCounts.get(key)?.consecutiveFailures ?? 0) ||
      (old.stages.get(key) ?? 0) !== (other.stages.get(key) ?? 0)
    );
  };
  const inTheWay = before.versions.filter(
    (version) =>
      version.liftId === liftId &&
      stands(version) &&
      !own.includes(version as AppliedVersion) &&
      (isLater(version) ||
        isMisled(version) ||
        (isApplied(version) && isMisledPeriod(version, before, after, start.program))),
  );
  const withdrawn = before.versions.filter(
    (version) => version.log?.isWithdrawn && appliesAgain(version, decided),
  );
  return {
    undone: undone.toReversed(),
    decided,
    ...changedStates(liftId, start, before, once, now),
    inTheWay: [...inTheWay, ...withdrawn],
  };
}

/** What each max was before the events, numbered as the next version once its own applications are undone. */
function startingVersions(
  history: History,
  own: readonly AppliedVersion[],
  liftId: string,
  first: bigint,
): Map<string, { max: CurrentMax; after: number }> {
  const starts = new Map<string, { max: CurrentMax; after: number }>();
  for (const [key, current] of currentVersions(history)) {
    const ofMax = own.filter((version) => keyOf(version) === key);
    const [earliest] = ofMax;
    const earlier = history.versions.findLast(
      (version) =>
        keyOf(version) === key &&
        stands(version) &&
        !ofMax.includes(version as AppliedVersion) &&
        (version.sequence < first || isBeforeInItsEvent(version, earliest)),
    );
    const value = earlier?.value ?? earliest?.log.previousValue;
    if (current.liftId === liftId && value) {
      // Whatever stands after either is in the way of a change.
      const after = Math.min(
        earlier?.version ?? 0,
        earliest ? earliest.version - 1 : Number.MAX_SAFE_INTEGER,
      );
      starts.set(key, {
        max: { value, unit: current.unit, version: current.version + ofMax.length },
        after,
      });
    }
  }
  return starts;
}

/** Whether the event that made the application made this version too, before it. */
function isBeforeInItsEvent(version: VersionItem, application: AppliedVersion | undefined): boolean {
  return version.sequence === application?.sequence && version.version < application.version;
}

function withReverted(
  versions: readonly VersionItem[],
  reverted: readonly AppliedVersion[],
): readonly VersionItem[] {
  const logIds = new Set(reverted.map(({ log }) => log.logId));
  return versions.map((version) =>
    version.log && logIds.has(version.log.logId)
      ? { ...version, log: { ...version.log, isReverted: true } }
      : version,
  );
}

function appliedKeys({ plan }: Redecided): string[] {
  return plan.results.filter(({ application }) => application).map(keyOf);
}

function appliesAgain({ log, ...version }: VersionItem, decided: readonly Redecided[]): boolean {
  return decided.some(({ plan }) =>
    plan.results.some(
      (result) =>
        keyOf(result) === keyOf(version) &&
        result.progressionId === log?.progressionId &&
        result.application?.triggerKey === log.triggerKey,
    ),
  );
}

type States = Pick<ReturnType<typeof replay>, 'failureCounts' | 'stages'>;

/** A counter or a stage that comes out as it did before stays as it is stored. */
function changedStates(
  liftId: string,
  { program }: Pick<ReplayStart, 'program'>,
  stored: History,
  before: States,
  after: States,
): Pick<Redecision, 'failureCounts' | 'stages'> {
  const rules = program.assignments.filter(({ rule }) => rule.triggerType === 'ON_FAILURE');
  return {
    failureCounts: rules.flatMap(({ progressionId }) => {
      const key = ruleKey(liftId, progressionId);
      const [old, now] = [before.failureCounts.get(key), after.failureCounts.get(key)];
      return now && !isSameCount(old, now)
        ? [{ liftId, progressionId, value: sinceBase(now, old, stored.failureCounts.get(key)) }]
        : [];
    }),
    stages: rules.flatMap(({ progressionId }) => {
      const key = ruleKey(liftId, progressionId);
      const now = after.stages.get(key) ?? 0;
      return now === (before.stages.get(key) ?? 0) ? [] : [{ liftId, progressionId, value: now }];
    }),
  };
}

function isSameCount(a: FailureCount | undefined, b: FailureCount): boolean {
  return (
    (a?.consecutiveFailures ?? 0) === b.consecutiveFailures &&
    (a?.lastFailureAt ?? null) === b.lastFailureAt &&
    (a?.lastSuccessAt ?? null) === b.lastSuccessAt
  );
}

/** Times from before the counter's base are only stored. */
function sinceBase(
  now: FailureCount,
  old: FailureCount | undefined,
  stored: FailureCount | undefined,
): FailureCount {
  return {
    consecutiveFailures: now.consecutiveFailures,
    lastFailureAt: now.lastFailureAt ?? (old?.lastFailureAt ? null : (stored?.lastFailureAt ?? null)),
    lastSuccessAt: now.lastSuccessAt ?? (old?.lastSuccessAt ? null : (stored?.lastSuccessAt ?? null)),
  };
}
