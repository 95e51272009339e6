/** ImportTrainingLog: sends the sets and sessions of a log's file through the engine, one after the other. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallContext } from '../calls/call-context.ts';
import type { Limits } from '../config/config.ts';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
import { createKeyedLimiter, type KeyedLimiter } from '../flow/keyed-limiter.ts';
import { WeightUnit } from '../gen/progression/v1/program_service_pb.ts';
import {
  DateOrder,
  type ImportTrainingLogRequest,
  type ImportTrainingLogResponseSchema,
} from '../gen/progression/v1/training_log_pb.ts';
import type { Database } from '../store/database.ts';
import { type ExerciseMapping, exerciseKey } from '../training-logs/lift-names.ts';
import { stepsOfSession } from '../training-logs/session-steps.ts';
import { groupSessions } from '../training-logs/sessions.ts';
import type { TrainedProgram } from '../training-logs/trained-program.ts';
import { type LogRefusalReason, type TrainingLog, TrainingLogError } from '../training-logs/training-log.ts';
import { UNUSED_REASONS, type UnusedRow } from '../training-logs/unused-rows.ts';
import type { TriggerQueue } from './engine/trigger-queue.ts';
import { createImportIds } from './import/import-ids.ts';
import { loadTrainedProgram } from './import/load-trained-program.ts';
import { readInWorker } from './import/read-in-worker.ts';
import { submitStep } from './import/submit-step.ts';

export interface ImportDeps {
  readonly database: Database;
  readonly queue: TriggerQueue;
  readonly limits: Limits;
}

type Answer = MessageInitShape<typeof ImportTrainingLogResponseSchema>;
type Import = (call: CallContext, request: ImportTrainingLogRequest) => AsyncGenerator<Answer>;

/**
 * One for each process. The import ends early with SHUTTING_DOWN and CANCELLED; throws USER_NOT_FOUND, NOT_ENROLLED,
 * VALIDATION_FAILED for what cannot be read, and what the methods of its events throw.
 */
export function createImport({ database, queue, limits }: ImportDeps): Import {
  const slots = createKeyedLimiter({ slots: limits.imports, slotsPerKey: limits.importsPerAccount });
  return async function* importTrainingLog(call, request) {
    const { accountId, signal } = call;
    const { userId } = request;
    requireContent(request, limits);
    const release = takeSlot(slots, accountId, limits);
    // A disconnected reader requests no further message, so the generator may never resume to release the slot.
    signal.addEventListener('abort', release, { once: true });
    try {
      const deadlineAtMs = performance.now() + limits.defaultDeadlineMs;
      const program = await database.transaction(accountId, (tx) => loadTrainedProgram(tx, userId), {
        deadlineAtMs,
        signal,
      });
      const mapping = readMapping(request, program);
      const log = await readLog(call, request, limits);
      const { sessions, unused: untrained } = groupSessions(log.sets, program, mapping);
      const unused = unusedRows([...log.faults, ...untrained], limits.namedRows);
      if (sessions.length === 0) {
        const reasons = unused.map(({ description, count }) => `${description}: ${count}`).join(', ');
        throw refused('content', `must have a row that can be used; ${reasons || 'it has none at all'}`);
      }
      const steps = { queue, limits, call, userId, ids: createImportIds(accountId, userId, sessions) };
      const counts = { newEventCount: 0, knownEventCount: 0, appliedCount: 0 };
      const sessionCount = sessions.length;
      let importedSessions = 0;
      yield { sessionCount, importedSessions };
      for (const [index, session] of request.validateOnly ? [] : sessions.entries()) {
        for (const step of stepsOfSession(index, session, program)) {
          signal.throwIfAborted();
          const { isKnown, applied } = await submitStep(steps, step);
          counts[isKnown ? 'knownEventCount' : 'newEventCount'] += 1;
          counts.appliedCount += applied;
        }
        importedSessions += 1;
        yield { sessionCount, importedSessions };
      }
      const setCount = sessions.reduce((sum, { sets }) => sum + sets.length, 0);
      const report = { format: log.formatName, rowCount: log.rowCount, setCount, ...counts, unused };
      yield { sessionCount, importedSessions, report };
    } finally {
      release();
    }
  };
}

function requireContent({ content }: ImportTrainingLogRequest, { trainingLogBytes }: Limits): void {
  const { length } = content;
  if (length === 0 || length > trainingLogBytes) {
    throw refused('content', `must have from 1 to ${trainingLogBytes} bytes; has ${length}`);
  }
}

/** Errors: RATE_LIMITED when the account's slots are used up, OVERLOADED when the process's are. */
function takeSlot(slots: KeyedLimiter, accountId: string, { imports, importsPerAccount }: Limits) {
  switch (slots.exceeded(accountId)) {
    case 'slotsPerKey':
      throw new DomainError('RATE_LIMITED', 'the account imports another log', {
        metadata: { quota: 'importsPerAccount', most: String(importsPerAccount) },
      });
    case 'slots':
      throw new DomainError('OVERLOADED', 'the server has too many concurrent ImportTrainingLog calls', {
        metadata: { limit: 'imports', most: String(imports) },
      });
    default:
      return slots.take(accountId);
  }
}

function readMapping({ exercises }: ImportTrainingLogRequest, { lifts }: TrainedProgram): ExerciseMapping {
  const mapping = new Map<string, string | null>();
  for (const [index, { exercise, liftSlug }] of exercises.entries()) {
    if (liftSlug !== '' && !lifts.has(liftSlug)) {
      const known = [...lifts.keys()].join(', ') || 'none';
      throw refused(
        `exercises[${index}].lift_slug`,
        `must be a lift of the program (${known}); was "${liftSlug}"`,
      );
    }
    const key = exerciseKey(exercise);
    if (mapping.has(key)) {
      throw refused(`exercises[${index}].exercise`, `must not be there twice; was "${exercise}"`);
    }
    mapping.set(key, liftSlug || null);
  }
  return mapping;
}

const UNITS: ReadonlyMap<WeightUnit, 'kg' | 'lb'> = new Map([
  [WeightUnit.KILOGRAM, 'kg'],
  [WeightUnit.POUND, 'lb'],
]);

const DATE_ORDERS: ReadonlyMap<DateOrder, 'DAY_FIRST' | 'MONTH_FIRST'> = new Map([
  [DateOrder.DAY_FIRST, 'DAY_FIRST'],
  [DateOrder.MONTH_FIRST, 'MONTH_FIRST'],
]);

/** The fields that decide what the file does not say. */
const DECIDED_BY: Partial<Record<LogRefusalReason, string>> = {
  DATE_ORDER_UNKNOWN: 'date_order',
  UNIT_UNKNOWN: 'unit',
};

async function readLog(
  { receivedAt, signal }: CallContext,
  { content, unit, dateOrder }: ImportTrainingLogRequest,
  { importMegabytes }: Limits,
): Promise<TrainingLog> {
  const options = { now: receivedAt, unit: UNITS.get(unit), dateOrder: DATE_ORDERS.get(dateOrder) };
  try {
    return await readInWorker(content, options, { signal, megabytes: importMegabytes });
  } catch (error) {
    throw error instanceof TrainingLogError
      ? refused(DECIDED_BY[error.reason] ?? 'content', error.message)
      : error;
  }
}

function unusedRows(unused: readonly UnusedRow[], namedRows: number) {
  const byReason = [...Map.groupBy(unused, ({ reason }) => reason)].map(([reason, rows]) => ({
    reason,
    description: UNUSED_REASONS[reason],
    count: rows.length,
    lines: rows.slice(0, namedRows).map(({ line }) => line),
    example: rows[0]?.detail ?? '',
    examples: [...new Set(rows.map(({ detail }) => detail))].slice(0, namedRows),
  }));
  return byReason.toSorted((one, other) => other.count - one.count);
}

function refused(field: string, description: string): DomainError {
  return invalidFields([{ field, description }]);
}
