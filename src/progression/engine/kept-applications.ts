/** Of what is decided again: which applications stand as they are, and how the versions of the others count on. */
import type { RuleResult } from '../evaluation/plan.ts';
import type { MaxType } from '../evaluation/rules/rule.ts';
import { maxKey } from '../evaluation/snapshot.ts';
import type { AppliedVersion } from './compensate.ts';
import type { LoggedApplication } from './history.ts';
import type { Redecided } from './replay.ts';

export function keyOf({ liftId, maxType }: { readonly liftId: string; readonly maxType: MaxType }): string {
  return maxKey(liftId, maxType);
}

/** By maxKey: the applications that are decided again just as they stand, up to the first that is not. */
export function keptVersions(
  own: readonly AppliedVersion[],
  decided: readonly Redecided[],
): Map<string, readonly AppliedVersion[]> {
  const results = decided.flatMap(({ plan }) => plan.results.filter(({ application }) => application));
  const kept = new Map<string, readonly AppliedVersion[]>();
  for (const [key, versions] of Map.groupBy(own, keyOf)) {
    const ofMax = results.filter((result) => keyOf(result) === key);
    const other = versions.findIndex(({ log }, at) => !isSame(log, ofMax[at]));
    kept.set(key, other === -1 ? versions : versions.slice(0, other));
  }
  return kept;
}

function isSame(log: LoggedApplication, result: RuleResult | undefined): boolean {
  const application = result?.application;
  return (
    !!application &&
    log.progressionId === result.progressionId &&
    log.triggerType === result.triggerType &&
    log.triggerKey === application.triggerKey &&
    log.previousValue.eq(application.previousValue) &&
    log.newValue.eq(application.newValue) &&
    log.failuresBefore === application.failuresBefore &&
    log.stageBefore === application.stageBefore &&
    log.stageAfter === application.stageAfter
  );
}

/** Applications that are kept are ALREADY_APPLIED; the versions of the others follow those that are undone. */
export function renumber(
  decided: readonly Redecided[],
  keptByMax: ReadonlyMap<string, readonly AppliedVersion[]>,
): Redecided[] {
  /** Of each max, how many applications came before. */
  const places = new Map<string, number>();
  const resultOf = (result: RuleResult): RuleResult => {
    const { application } = result;
    if (!application) {
      return result;
    }
    const key = keyOf(result);
    const place = places.get(key) ?? 0;
    places.set(key, place + 1);
    const kept = keptByMax.get(key) ?? [];
    const earlierLogId = kept[place]?.log.logId;
    if (earlierLogId) {
      return {
        ...result,
        ...{ reason: 'ALREADY_APPLIED', application: null, value: application.newValue, earlierLogId },
      };
    }
    // It was numbered as if all of them were undone, and decided anew.
    const version = application.version - 2 * kept.length;
    return { ...result, application: { ...application, version } };
  };
  return decided.map(({ event, plan }) => ({
    event,
    plan: { ...plan, results: plan.results.map(resultOf) },
  }));
}
