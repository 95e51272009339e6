/** Undoes applications: each with a version of the lift max and a log row of its own, and the mark on the row undone. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { enumValue } from '../../calls/enum-name.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { MaxTypeSchema } from '../../gen/progression/v1/common_pb.ts';
import type { CompensationSchema } from '../../gen/progression/v1/progression_service_pb.ts';
import { addRow } from '../../store/add-row.ts';
import type { Change } from '../../store/change.ts';
import type { LiftMax } from '../../store/entities/lift-max.ts';
import { ProgressionLogEntity } from '../../store/entities/progression-log.ts';
import type { Instant } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { maxKey } from '../evaluation/snapshot.ts';
import { freeInstant } from '../evaluation/triggers/trigger.ts';
import { appendLiftMax } from './append-lift-max.ts';
import type { History, LoggedApplication, VersionItem } from './history.ts';
import { loadTakenInstants } from './load-snapshots.ts';

/** A version that an application made. */
export type AppliedVersion = VersionItem & { readonly log: LoggedApplication };

/** An application that was undone. */
export interface Compensation {
  readonly logId: string;
  readonly undone: AppliedVersion;
  readonly previousValue: Decimal;
  readonly liftMax: LiftMax;
}

/** Whether the version is not undone, and undoes nothing. */
export function stands({ source, log }: VersionItem): boolean {
  return source !== 'REVERT' && !log?.isReverted;
}

/** The latest version of each max, by maxKey. */
export function currentVersions({ versions }: History): Map<string, VersionItem> {
  return new Map(versions.map((version) => [maxKey(version.liftId, version.maxType), version]));
}

/**
 * Of each max the latest standing applications, newest first. The athlete's lock is held; the rows undone are marked at
 * once, so that what is decided again may take their place. `method` is the one whose call undoes them.
 */
export async function compensate(
  change: Change,
  userId: string,
  history: History,
  undone: readonly AppliedVersion[],
  { reason, method }: { reason: string; method: string },
): Promise<Compensation[]> {
  if (undone.length === 0) {
    return [];
  }
  const { tx, now } = change;
  await sql`
    update progression_logs set is_reverted = true
    where account_id = ${tx.accountId} and id = any(${undone.map(({ log }) => log.logId)}::uuid[])`.execute(
    tx.sql,
  );
  const instants = await loadTakenInstants(tx, [{ userId, from: now, to: now }]);
  const taken = new Set<Instant>(instants.get(userId));
  const current = new Map<string, { version: number; value: Decimal; unit: string }>(
    currentVersions(history),
  );
  return undone.map((version) => {
    const { liftId, maxType, log } = version;
    const key = maxKey(liftId, maxType);
    const before = current.get(key);
    if (!before) {
      throw new TypeError('an application has a lift max');
    }
    const liftMax = appendLiftMax(change, {
      ...{ userId, liftId, maxType, current: before, value: log.previousValue, unit: before.unit },
      ...{ source: 'REVERT', reason },
    });
    current.set(key, liftMax);
    const appliedAt = freeInstant(now, taken);
    taken.add(appliedAt);
    const made = { logId: newId(), undone: version, previousValue: before.value, liftMax };
    writeCompensation(change, userId, made, history, { appliedAt, reason, method });
    return made;
  });
}

function writeCompensation(
  { tx, now, actor }: Change,
  userId: string,
  { logId, undone, previousValue, liftMax }: Compensation,
  history: History,
  { appliedAt, reason, method }: { appliedAt: Instant; reason: string; method: string },
): void {
  const { liftId, maxType, log, sequence } = undone;
  const stageFrom = history.bases.get(`${liftId} ${log.progressionId}`)?.stage.from ?? history.from;
  const isStageRestored = log.stageAfter !== null && sequence > stageFrom;
  addRow(tx.em, ProgressionLogEntity, {
    accountId: tx.accountId,
    id: logId,
    userId,
    progressionId: log.progressionId,
    liftId,
    maxType,
    liftMaxVersion: liftMax.version,
    previousValue,
    newValue: liftMax.value,
    delta: liftMax.value.minus(previousValue),
    triggerType: 'MANUAL',
    triggerKey: `revert:${log.logId}`,
    triggerContext: {
      ...{ manual: true, forced: false, reason, actor },
      ...{ revertedLogId: log.logId, undoneBy: method },
    },
    sessionId: null,
    appliedAt,
    recordedAt: now,
    failuresBefore: null,
    stageBefore: isStageRestored ? log.stageAfter : null,
    stageAfter: isStageRestored ? log.stageBefore : null,
    revertsLogId: log.logId,
  });
}

export function compensationMessage({
  logId,
  undone,
  previousValue,
  liftMax,
}: Compensation): MessageInitShape<typeof CompensationSchema> {
  return {
    logId,
    revertedLogId: undone.log.logId,
    progressionId: undone.log.progressionId,
    liftId: undone.liftId,
    maxType: enumValue(MaxTypeSchema, undone.maxType),
    previousValue: previousValue.toFixed(),
    newValue: liftMax.value.toFixed(),
    liftMaxVersion: liftMax.version,
  };
}

/** The most rows that a refusal names, so that the error stays small. */
const NAMED = 20;

/** Why applications cannot be undone: later ones of the same max, or versions set by hand, stand. */
export function notLatest(inTheWay: readonly VersionItem[], metadata: Record<string, string>): DomainError {
  const logIds = inTheWay.flatMap(({ log }) => (log ? [log.logId] : []));
  const byHand = inTheWay.filter(({ log }) => !log);
  return new DomainError(
    'NOT_LATEST_APPLICATION',
    'only the latest applications of a lift max that still stand can be undone; later ones are in the way',
    {
      metadata: {
        ...metadata,
        ...(logIds.length > 0 && { inTheWayLogIds: logIds.slice(0, NAMED).join(',') }),
        ...(byHand.length > 0 && {
          inTheWayVersions: byHand
            .slice(0, NAMED)
            .map(({ liftId, maxType, version }) => `${liftId} ${maxType} ${version}`)
            .join(','),
        }),
      },
    },
  );
}
