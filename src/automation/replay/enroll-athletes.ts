/** EnrollAthletes: starts a workflow for athletes by hand, through the enrollment policy or past it. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type {
  EnrollAthletesRequest,
  EnrollAthletesResponseSchema,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { lockPartitions, PARTITIONS } from '../../store/lock-partition.ts';
import { newId } from '../../values/new-id.ts';
import { requireWorkflow } from '../configuration/workflows.ts';
import { compileTrigger, toStoredTrigger } from '../decision/compile-trigger.ts';
import { decideAll, enrolls } from '../decision/decide.ts';
import { matchEvent } from '../decision/match-event.ts';
import { toWireReason } from '../decision/verdict-reason.ts';
import { canEnroll, loadEnrollmentState } from '../evaluation/load-enrollment-state.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import { writeVerdicts } from '../evaluation/write-verdicts.ts';
import { loadAccountTypes } from '../event-types/account-types.ts';
import { createSyntheticEvent } from './backfill-page.ts';
import { requireActiveTrigger } from './backfill-workflow.ts';

/**
 * Answers each athlete in the order given; the filter does not count. An athlete whom the account never had is answered
 * SUBJECT_DELETED. WORKFLOW_NOT_FOUND, WORKFLOW_NOT_ACTIVE.
 */
export async function enrollAthletes(
  change: Change,
  { workflowId, userIds, ignorePolicy }: EnrollAthletesRequest,
  limits: Limits,
): Promise<MessageInitShape<typeof EnrollAthletesResponseSchema>> {
  const { tx, now } = change;
  await lockPartitionsOf(tx, userIds);
  const trigger = await requireActiveTrigger(tx, await requireWorkflow(tx, workflowId));
  const compiled = compileTrigger(toStoredTrigger(trigger), await loadAccountTypes(tx));
  const subjects = await loadSubjects(tx, userIds);
  const rootId = newId();
  const matches = [...subjects.values()].flatMap((subject) =>
    matchEvent(createSyntheticEvent(rootId, subject.userId, now), [compiled], subject).map((match) => ({
      ...match,
      matched: true,
    })),
  );
  const decision = { now, limits, ignoresPolicy: ignorePolicy };
  const state = await loadEnrollmentState(tx, matches.filter(canEnroll), decision, { locksCaps: true });
  const verdicts = decideAll(matches, state, decision);
  const runIds = await writeVerdicts(tx, verdicts, { kind: 'LIVE', now, limits, hasSyntheticEvents: true });
  const byUser = new Map(verdicts.map((verdict) => [verdict.match.userId, verdict]));
  audit(change, {
    ...{ action: 'EnrollAthletes', targetType: 'workflow', targetId: workflowId, before: null },
    after: {
      ...{ causeId: rootId, ignoresPolicy: ignorePolicy, athletes: userIds.length },
      enrolled: verdicts.filter(enrolls).length,
    },
  });
  return {
    results: userIds.map((userId) => {
      const verdict = byUser.get(userId.toLowerCase());
      const reason = toWireReason(verdict?.reason ?? 'SUBJECT_DELETED');
      return { userId, reason, runId: (verdict && runIds.get(verdict)) ?? '' };
    }),
  };
}

/** Before any row is locked, as evaluation does. */
async function lockPartitionsOf(tx: Transaction, userIds: readonly string[]): Promise<void> {
  const { rows } = await sql<{ partition: number }>`
    select distinct (uuid_hash_extended(id, 0) & ${PARTITIONS - 1}::int)::int as partition
    from unnest(${userIds}::uuid[]) as u(id)`.execute(tx.sql);
  await lockPartitions(
    tx,
    rows.map(({ partition }) => partition),
  );
}
