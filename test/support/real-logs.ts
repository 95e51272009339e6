/**
 * Logs of real athletes as apps export them. They are not part of the project: tests that need them are skipped
 * without.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DIRECTORY = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

export const HAS_REAL_LOGS = existsSync(DIRECTORY);

/** The path of one, such as `exports/hevy-kg.csv`. */
export function realLogPath(name: string): string {
  return join(DIRECTORY, name);
}

export function readRealLog(name: string): Uint8Array {
  return readFileSync(realLogPath(name));
}
