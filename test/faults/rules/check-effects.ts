/**
 * Compares answers with stored rows: each application, set and value set by hand that an answer names is
 * stored, and no other.
 */
import { fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { enumName } from '../../../src/calls/enum-name.ts';
import { MaxType, MaxTypeSchema } from '../../../src/gen/progression/v1/common_pb.ts';
import {
  type Compensation,
  CorrectSetsResponseSchema,
  HandleSessionCompleteResponseSchema,
  LogSetsResponseSchema,
  RevertEventResponseSchema,
  RevertProgressionResponseSchema,
  SetLiftMaxResponseSchema,
} from '../../../src/gen/progression/v1/progression_service_pb.ts';
import type { History, LedgerRow, Violation } from '../run-history.ts';

type Outcome = NonNullable<MessageShape<typeof HandleSessionCompleteResponseSchema>['outcome']>;

/** The effects that answers name, as texts that are comparable with rows. */
interface Effects {
  readonly logs: Set<string>;
  readonly sets: Set<string>;
  readonly removedSets: Set<string>;
  readonly values: Set<string>;
}

export function checkEffects({ stored }: History): Violation[] {
  const answered: Effects = {
    ...{ logs: new Set(), sets: new Set(), removedSets: new Set(), values: new Set() },
  };
  for (const row of stored.ledger) {
    noteAnswer(row, answered);
  }
  const logs = stored.logs.map((row) => `log ${row.id} ${row.previousValue} ${row.newValue}`);
  const sets = stored.sets.map((row) => `set ${row.id}`);
  const values = stored.maxes
    .filter(({ source, version }) => source === 'MANUAL' && version > 1)
    .map((row) => `value ${row.userId} ${row.liftId} ${row.maxType} ${row.version} ${row.value}`);
  return [
    ...compare(answered.logs, logs),
    ...compare(new Set([...answered.sets].filter((set) => !answered.removedSets.has(set))), sets),
    ...compare(answered.values, values),
  ];
}

function compare(answered: ReadonlySet<string>, rows: readonly string[]): Violation[] {
  const violations: Violation[] = [];
  const seen = new Set<string>();
  for (const row of rows) {
    if (!answered.has(row)) {
      violations.push({ rule: 'EFFECTS_AS_ANSWERED', detail: `${row} is stored, but no answer names it` });
    }
    if (seen.has(row)) {
      violations.push({ rule: 'EFFECTS_AS_ANSWERED', detail: `${row} is stored twice` });
    }
    seen.add(row);
  }
  for (const text of answered) {
    if (!seen.has(text)) {
      violations.push({ rule: 'EFFECTS_AS_ANSWERED', detail: `${text} was acknowledged, but is not stored` });
    }
  }
  return violations;
}

function noteAnswer({ method, response }: LedgerRow, effects: Effects): void {
  const bytes = Buffer.from(response, 'base64');
  switch (method) {
    case 'HandleSessionComplete':
    case 'HandleWeekAdvance':
    case 'HandleCycleComplete':
    case 'TriggerProgression':
      // These responses have the same single field.
      noteOutcome(fromBinary(HandleSessionCompleteResponseSchema, bytes).outcome, effects);
      break;
    case 'LogSets': {
      const { outcome, sets, compensations } = fromBinary(LogSetsResponseSchema, bytes);
      noteOutcome(outcome, effects);
      noteCompensations(compensations, effects);
      for (const { id, alreadyLogged } of sets) {
        if (!alreadyLogged) {
          effects.sets.add(`set ${id}`);
        }
      }
      break;
    }
    case 'CorrectSets':
    case 'RevertEvent': {
      const schema = method === 'CorrectSets' ? CorrectSetsResponseSchema : RevertEventResponseSchema;
      const { outcome, removedSets, compensations } = fromBinary(schema, bytes);
      noteOutcome(outcome, effects);
      noteCompensations(compensations, effects);
      for (const { id } of removedSets) {
        effects.removedSets.add(`set ${id}`);
      }
      break;
    }
    case 'RevertProgression': {
      const { log } = fromBinary(RevertProgressionResponseSchema, bytes);
      effects.logs.add(`log ${log?.id} ${log?.previousValue} ${log?.newValue}`);
      break;
    }
    case 'SetLiftMax': {
      const { liftMax: max } = fromBinary(SetLiftMaxResponseSchema, bytes);
      const maxType = enumName(MaxTypeSchema, max?.maxType ?? MaxType.UNSPECIFIED);
      effects.values.add(`value ${max?.userId} ${max?.liftId} ${maxType} ${max?.version} ${max?.value}`);
      break;
    }
  }
}

function noteCompensations(compensations: readonly Compensation[], effects: Effects): void {
  for (const { logId, previousValue, newValue } of compensations) {
    effects.logs.add(`log ${logId} ${previousValue} ${newValue}`);
  }
}

function noteOutcome(outcome: Outcome | undefined, effects: Effects): void {
  for (const { applied, logId, previousValue, newValue } of outcome?.results ?? []) {
    if (applied) {
      effects.logs.add(`log ${logId} ${previousValue} ${newValue}`);
    }
  }
}
