/** Evaluates filters within runs: over an event, the athlete as they are now, and the results of named steps. */
import { sql } from 'kysely';
import { compileFilter } from '../../filters/compile-filter.ts';
import {
  type FieldCatalogue,
  type FilterField,
  FilterUnreadable,
  type JsonObject,
} from '../../filters/filter.ts';
import type { FilterGroup } from '../../gen/automation/v1/filter_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { filterOfMessage } from '../configuration/filter-message.ts';
import { listFieldNames } from '../decision/compile-trigger.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import type { AccountTypes } from '../event-types/account-types.ts';
import type { EventType } from '../event-types/event-type.ts';
import { trainingSql } from '../event-types/training-document.ts';
import { isTrainingField, TRAINING } from '../event-types/training-fields.ts';

/** No event has a field of this name. */
const RESULTS = '#steps';

/** What a branch can ask of an earlier step; all are texts. */
const RESULT_FIELDS = ['outcome', 'reason', 'taken'] as const;

/** The fields of the event and the athlete, and those of the steps with these names. */
export function runFieldCatalogue(
  types: AccountTypes,
  eventType: EventType,
  stepNames: readonly string[],
): FieldCatalogue {
  const base = types.fieldCatalogue(eventType);
  const ofSteps = new Map<string, FilterField>(
    stepNames.flatMap((name) =>
      RESULT_FIELDS.map((field): [string, FilterField] => [
        `steps.${name}.${field}`,
        { scope: 'event', path: [RESULTS, name, field], type: 'string', isPersonal: false },
      ]),
    ),
  );
  // Without conditions on the history, which only triggers load.
  const { carriesDiff } = base;
  return { carriesDiff, resolve: (name) => ofSteps.get(name) ?? base.resolve(name) };
}

/** What a filter reads. */
export interface FilteredEvent {
  /** As runs store it; null for a run that no event started. */
  readonly event: JsonObject | null;
  /** The name of its type. */
  readonly type: string;
  readonly userId: string;
  /** What the filter treats as the present. */
  readonly at: Instant;
  /** The results of named steps. */
  readonly results?: JsonObject;
}

/** Throws FilterUnreadable. Fields of steps that the run has not reached are absent. */
export async function matchesEvent(
  tx: Transaction,
  types: AccountTypes,
  { event, type, userId, at, results = {} }: FilteredEvent,
  message: FilterGroup,
): Promise<boolean> {
  const eventType = types.eventType(type);
  if (!eventType) {
    throw new FilterUnreadable('filter', `the event type ${type} does not exist`);
  }
  const filter = filterOfMessage(message);
  const names = listFieldNames(filter);
  const stepNames = names.flatMap((name) => /^steps\.([a-z0-9_]+)\./.exec(name)?.[1] ?? []);
  const catalogue = runFieldCatalogue(types, eventType, stepNames);
  const compiled = compileFilter(filter, catalogue);
  const fields = names.flatMap((name) => catalogue.resolve(name) ?? []);
  const subject = (await loadSubjects(tx, [userId])).get(userId);
  const training = await loadTraining(tx, { userId, at }, fields.filter(isTrainingField));
  return compiled.matches({
    event: { ...(event?.data as JsonObject | undefined), [RESULTS]: results },
    origin: { actor: event?.actor ?? null },
    previous: event?.previous ?? null,
    athlete: { ...subject?.document, [TRAINING]: training },
    occurredAt: at,
    timeZone: subject?.timeZone ?? 'UTC',
  });
}

async function loadTraining(
  { accountId, sql: db }: Transaction,
  { userId, at }: { readonly userId: string; readonly at: Instant },
  fields: readonly FilterField[],
): Promise<JsonObject> {
  if (fields.length === 0) {
    return {};
  }
  const subject = {
    accountId: sql`${accountId}::uuid`,
    userId: sql`${userId}::uuid`,
    at: sql`${instantToText(at)}::timestamptz`,
  };
  const { rows } = await sql<{ training: JsonObject }>`
    select ${trainingSql(fields, subject)} as training`.execute(db);
  return rows[0]?.training ?? {};
}
