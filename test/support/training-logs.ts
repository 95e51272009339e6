/** Reads logs that are written in tests, and formats the parts that tests compare. */
import { Decimal } from 'decimal.js';
import { type ReadOptions, readTrainingLog } from '../../src/training-logs/read-training-log.ts';
import type { LoggedSet, TrainingLog } from '../../src/training-logs/training-log.ts';
import { instantFromText, instantToText } from '../../src/values/instant.ts';

/** Later than every log that tests read. */
export const NOW = instantFromText('2026-06-01T00:00:00Z');

export function readLines(lines: readonly string[], options: Partial<ReadOptions> = {}): TrainingLog {
  return readTrainingLog(Buffer.from(lines.join('\n')), { now: NOW, ...options });
}

export function readBytes(bytes: Uint8Array, options: Partial<ReadOptions> = {}): TrainingLog {
  return readTrainingLog(bytes, { now: NOW, ...options });
}

/** `2 2024-03-04T18:00 Squat (Barbell) WORK 1: 5 x 80 kg`. */
export function briefly({ line, at, exercise, kind, mark, reps, weight, unit }: LoggedSet): string {
  const time = instantToText(at).slice(0, 16);
  const marked = mark === null ? '' : ` ${mark}`;
  return `${line} ${time} ${exercise} ${kind}${marked}: ${reps} x ${weight} ${unit ?? '?'}`;
}

/** Repetitions times weight, of all sets. */
export function volumeOf({ sets }: TrainingLog): string {
  return Decimal.sum(0, ...sets.map(({ reps, weight }) => new Decimal(weight).times(reps))).toFixed();
}

/** How many there are by reason, such as `{ NO_WEIGHT: 14 }`. */
export function faultCounts({ faults }: TrainingLog): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of faults) {
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}
