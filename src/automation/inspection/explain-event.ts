/** ExplainEvent: returns the verdicts on an event and the values that decided them. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import type { ConditionVerdict } from '../../filters/compile-filter.ts';
import type { JsonValue } from '../../filters/filter.ts';
import { readsAthlete } from '../../filters/filter-subject.ts';
import type {
  ExplainEventResponseSchema,
  TriggerVerdictSchema,
} from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { instantToTimestamp } from '../../values/instant.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import { type CompactTrigger, toIdSuffix } from '../decision/compact-trigger.ts';
import { compileTrigger, isReadable, type StoredTrigger } from '../decision/compile-trigger.ts';
import type { Evaluation, Outcome } from '../decision/evaluation-outcomes.ts';
import { toWireReason } from '../decision/verdict-reason.ts';
import { type AccountTypes, loadAccountTypes } from '../event-types/account-types.ts';
import { findEvent } from './find-event.ts';
import { conditionMessage, eventMessage } from './inspection-messages.ts';

/** Errors: EVENT_NOT_FOUND. */
export async function explainEvent(
  tx: Transaction,
  eventId: string,
): Promise<MessageInitShape<typeof ExplainEventResponseSchema>> {
  const { event, evaluations, evaluatedAt } = await findEvent(tx, eventId);
  const types = await loadAccountTypes(tx);
  const versions = await loadVersions(tx, evaluations.flatMap(listCompactTriggers));
  return {
    event: eventMessage(event),
    verdicts: evaluations.flatMap((evaluation) =>
      listOutcomes(evaluation, versions).map((outcome) => {
        const version = versions.get(toCompactKey(toCompactTrigger(outcome)));
        const conditions = version ? recomputeConditions(version, outcome, evaluation, event, types) : [];
        return verdictMessage(outcome, version?.workflowId ?? '', conditions);
      }),
    ),
    ...(evaluatedAt === null ? {} : { evaluatedAt: instantToTimestamp(evaluatedAt) }),
  };
}

function toCompactTrigger({ triggerId, version, conditions }: Outcome): CompactTrigger {
  return { idSuffix: toIdSuffix(triggerId), version, conditions };
}

function listCompactTriggers({ outcomes, notMatched }: Evaluation): CompactTrigger[] {
  return [...outcomes.map(toCompactTrigger), ...notMatched];
}

/** All outcomes, including the compact NOT_MATCHED ones. */
function listOutcomes(
  { outcomes, notMatched }: Evaluation,
  versions: ReadonlyMap<string, StoredTrigger>,
): Outcome[] {
  const notMatchedOutcomes = notMatched.flatMap((compact): Outcome[] => {
    const { version, conditions } = compact;
    const id = versions.get(toCompactKey(compact))?.id;
    const verdict = { matched: false, reason: 'NOT_MATCHED', values: {}, enrollmentId: '' } as const;
    return id === undefined ? [] : [{ triggerId: id, version, conditions, ...verdict }];
  });
  return [...outcomes, ...notMatchedOutcomes];
}

function verdictMessage(
  { triggerId, version, matched, reason, values, enrollmentId }: Outcome,
  workflowId: string,
  conditions: readonly ConditionVerdict[],
): MessageInitShape<typeof TriggerVerdictSchema> {
  return {
    ...{ triggerId, workflowId, matched },
    triggerVersion: version,
    enrolled: reason === 'ENROLLED',
    reason: toWireReason(reason),
    conditions: conditions.map(conditionMessage),
    values: { ...values, ...(enrollmentId ? { enrollment_id: enrollmentId } : {}) },
  };
}

/**
 * Evaluates the filter of that version on the stored values. Conditions on redacted values come from the
 * stored bits.
 */
function recomputeConditions(
  version: StoredTrigger,
  { conditions }: Outcome,
  { subject, timeZone }: Evaluation,
  event: AcceptedEvent,
  types: AccountTypes,
): ConditionVerdict[] {
  const { rule } = compileTrigger(version, types);
  const type = types.eventType(version.event);
  if (!isReadable(rule) || !type) {
    return [];
  }
  const { data, previous, occurredAt, actor } = event;
  const input = { event: data, origin: { actor }, previous, athlete: subject, occurredAt, timeZone };
  const catalogue = types.fieldCatalogue(type);
  return rule.filter.explain(input).map((condition, index) => {
    const field = catalogue.resolve(condition.field);
    return {
      ...condition,
      matched: conditions === '' ? condition.matched : conditions[index] === '1',
      // The athlete's values were redacted before they were stored.
      isPersonal: condition.isPersonal && !(field && readsAthlete(field)),
    };
  });
}

interface VersionRow {
  trigger_id: string;
  version: number;
  trigger_event: string;
  filters: JsonValue;
  settings: JsonValue;
  workflow_id: string;
}

/** Loads the trigger versions, by `toCompactKey`. */
async function loadVersions(
  { accountId, sql: db }: Transaction,
  compactTriggers: readonly CompactTrigger[],
): Promise<ReadonlyMap<string, StoredTrigger>> {
  const { rows } = await sql<VersionRow>`
    select v.trigger_id, v.version, v.trigger_event, v.filters, v.settings, t.workflow_id
    from unnest(
      ${compactTriggers.map(({ idSuffix }) => idSuffix)}::text[], ${compactTriggers.map(({ version }) => version)}::int[]
    ) as s(id_suffix, version)
    join workflow_triggers t on right(replace(t.id::text, '-', ''), 16) = s.id_suffix
    join trigger_versions v on v.account_id = t.account_id and v.trigger_id = t.id and v.version = s.version
    where t.account_id = ${accountId}`.execute(db);
  return new Map(
    rows.map((row) => {
      const { version, filters, settings } = row;
      const stored = { id: row.trigger_id, workflowId: row.workflow_id, event: row.trigger_event };
      const key = toCompactKey({ idSuffix: toIdSuffix(row.trigger_id), version, conditions: '' });
      return [key, { ...stored, version, filters, settings }];
    }),
  );
}

function toCompactKey({ idSuffix, version }: CompactTrigger): string {
  return `${idSuffix} ${version}`;
}
