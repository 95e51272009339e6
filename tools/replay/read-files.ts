/** Reads the files of the command line, with the reason for each that cannot be read. */
import { readFile } from 'node:fs/promises';
import { type ExerciseMapping, readMapping } from '../../src/training-logs/lift-names.ts';
import { readTrainingLog } from '../../src/training-logs/read-training-log.ts';
import {
  type LogRefusalReason,
  type TrainingLog,
  TrainingLogError,
} from '../../src/training-logs/training-log.ts';
import type { Instant } from '../../src/values/instant.ts';
import type { ReplayArguments } from './arguments.ts';
import { ReplayError } from './refusal.ts';

/** The option that resolves an ambiguity of the file. */
const DECIDED_BY: Partial<Record<LogRefusalReason, string>> = {
  DATE_ORDER_UNKNOWN: '--dates day-first or --dates month-first decides it',
  UNIT_UNKNOWN: '--units kg or --units lb decides it',
};

/** Throws ReplayError. */
export async function readLogFile(
  { file, unit, dateOrder }: Pick<ReplayArguments, 'file' | 'unit' | 'dateOrder'>,
  now: Instant,
): Promise<TrainingLog> {
  const bytes = await readBytes(file);
  return refuseClearly(() => readTrainingLog(bytes, { now, unit, dateOrder }));
}

/** Throws ReplayError. */
export async function readMappingFile(file: string): Promise<ExerciseMapping> {
  const bytes = await readBytes(file);
  return refuseClearly(() => readMapping(bytes), `the mapping ${file}: `);
}

/** Throws ReplayError. */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ReplayError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function refuseClearly<T>(read: () => T, prefix = ''): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TrainingLogError) {
      const option = DECIDED_BY[error.reason];
      throw new ReplayError(`${prefix}${error.message}${option === undefined ? '' : `; ${option}`}`);
    }
    throw error;
  }
}
