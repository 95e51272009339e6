/** The history of one lift max: each version with the change that made it, and a simulation of what may come. */
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { useQuery } from '@tanstack/react-query';
import { type MaxType, ProgressionType, TriggerType } from '../../../src/gen/progression/v1/common_pb.ts';
import {
  type LiftMax,
  LiftMaxSource,
  type ProgressionLog,
} from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { progressions } from '../calls/clients.ts';
import { readEveryPage } from '../calls/every-page.ts';
import { dayName } from '../words/formats.ts';

/** Why a max changed. */
export type ChangeKind = 'start' | 'raise' | 'amrap' | 'deload' | 'manual' | 'revert';

/** A version of a max. */
export interface MaxChange {
  readonly version: number;
  /** Milliseconds since 1970: when it took effect. */
  readonly atMs: number;
  /** In the unit that the service stores. */
  readonly value: number;
  /** Absent for the first version. */
  readonly before: number | undefined;
  readonly kind: ChangeKind;
  readonly max: LiftMax;
  /** The application that made it; absent for a manual one. */
  readonly log: ProgressionLog | undefined;
}

export interface MaxHistory {
  /** Oldest first. */
  readonly changes: readonly MaxChange[];
  /** False when there are more than 10,000 versions; the oldest are left out. */
  readonly isComplete: boolean;
}

export function useMaxHistory(userId: string, liftId: string, maxType: MaxType) {
  // The input makes the events of the athlete refresh it.
  const input = { userId, liftId, maxType };
  return useQuery({
    queryKey: ['max-history', { input }],
    async queryFn({ signal }): Promise<MaxHistory> {
      const [versions, logs] = await Promise.all([
        readEveryPage((page) => progressions.listLiftMaxVersions({ ...input, ...page }, { signal })),
        readEveryPage((page) => progressions.listProgressionLogs({ userId, liftId, ...page }, { signal })),
      ]);
      const ofType = logs.pages.flatMap((page) => page.logs).filter((log) => log.maxType === maxType);
      const logOfVersion = new Map(ofType.map((log) => [log.liftMaxVersion, log]));
      const oldestFirst = versions.pages.flatMap((page) => page.liftMaxes).reverse();
      return {
        changes: oldestFirst.map((max, index) =>
          changeOf(max, oldestFirst[index - 1], logOfVersion.get(max.version)),
        ),
        isComplete: versions.isComplete,
      };
    },
  });
}

function changeOf(max: LiftMax, previous: LiftMax | undefined, log: ProgressionLog | undefined): MaxChange {
  const value = Number(max.value);
  const before = previous && Number(previous.value);
  return {
    ...{ version: max.version, value, before, max, log },
    atMs: max.effectiveAt ? timestampMs(max.effectiveAt) : 0,
    kind: kindOf(max, value - (before ?? value), log),
  };
}

function kindOf(max: LiftMax, change: number, log: ProgressionLog | undefined): ChangeKind {
  if (max.source === LiftMaxSource.REVERT) {
    return 'revert';
  }
  if (max.source === LiftMaxSource.MANUAL || max.source === LiftMaxSource.AUTOMATION) {
    return max.version === 1 ? 'start' : 'manual';
  }
  if (change < 0) {
    return 'deload';
  }
  const isAmrap =
    log?.progressionType === ProgressionType.AMRAP_PROGRESSION ||
    log?.progressionType === ProgressionType.GREYSKULL_PROGRESSION ||
    log?.progressionType === ProgressionType.ESTIMATE_PROGRESSION;
  return isAmrap ? 'amrap' : 'raise';
}

/** What happened, such as `After the session Day A`. */
export function describeEvent({ log, max, kind }: MaxChange): string {
  if (kind === 'start') {
    return 'The first value';
  }
  const context = log?.triggerContext;
  switch (log?.triggerType) {
    case TriggerType.AFTER_SESSION:
      return `After a session${context?.daySlug ? `, ${dayName(context.daySlug)}` : ''}, week ${context?.weekNumber}`;
    case TriggerType.ON_FAILURE:
      return context?.consecutiveFailures
        ? `After ${context.consecutiveFailures} missed in a row`
        : 'After a miss';
    case TriggerType.AFTER_SET:
      return `After a set of ${context?.repsPerformed} repetitions`;
    case TriggerType.AFTER_WEEK:
      return `After week ${context?.weekNumber}`;
    case TriggerType.AFTER_CYCLE:
      return `After cycle ${context?.cycleIteration}`;
    case TriggerType.MANUAL:
      return kind === 'revert'
        ? 'A change was undone'
        : `By hand${context?.actor ? `, by ${context.actor}` : ''}`;
    default:
      return max.source === LiftMaxSource.MANUAL ? 'Set by hand' : 'A change';
  }
}
