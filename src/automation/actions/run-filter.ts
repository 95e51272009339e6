/** Evaluates filters within runs: over an event, the athlete as they are now, and the results of named steps. */
import { sql } from 'kysely';
import { compileFilter } from '../../filters/compile-filter.ts';
import {
  type FieldCatalogue,
  type FieldType,
  type FilterField,
  FilterUnreadable,
  type JsonObject,
} from '../../filters/filter.ts';
import { readUntypedPath, untypedField } from '../../filters/untyped-field.ts';
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

/** The results of a step but its body, whose fields are not known in advance. */
const RESULT_TYPES: ReadonlyMap<string, FieldType> = new Map([
  ['outcome', 'string'],
  ['reason', 'string'],
  ['taken', 'string'],
  ['status', 'int'],
]);

/** The fields of the event and the athlete, and those of the steps with these names. */
export function runFieldCatalogue(
  types: AccountTypes,
  eventType: EventType,
  stepNames: readonly string[],
): FieldCatalogue {
  const base = types.fieldCatalogue(eventType);
  const ofSteps = new Map<string, FilterField>();
  const resolve = (name: string) => {
    const field = ofSteps.get(name) ?? stepField(name, stepNames) ?? base.resolve(name);
    if (field && name.startsWith('steps.')) {
      ofSteps.set(name, field);
    }
    return field;
  };
  // Without conditions on the history, which only triggers load.
  return { carriesDiff: base.carriesDiff, resolve };
}

/** For example `steps.lookup.status`, or `steps.lookup.body.plan.name`; undefined for other names. */
function stepField(name: string, stepNames: readonly string[]): FilterField | undefined {
  const [, step = '', result = ''] = /^steps\.([a-z0-9_]+)\.(.+)$/.exec(name) ?? [];
  if (!stepNames.includes(step)) {
    return undefined;
  }
  const type = RESULT_TYPES.get(result);
  if (type) {
    return { scope: 'event', path: [RESULTS, step, result], type, isPersonal: false };
  }
  const path = result === 'body' ? [] : readUntypedPath('body.', result);
  return path && untypedField([RESULTS, step, 'body', ...path]);
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
