/** Why a log is not replayed, as the command says it. */
import { UNUSED_REASONS, type UnusedRow } from '../../src/training-logs/unused-rows.ts';

/** Why nothing is replayed, in one line for the user. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}

/**
 * The refusal of a file without a usable row: each reason with its count, the most frequent first, then what failed.
 */
export function nothingUsable(unused: readonly UnusedRow[], whatFailed: string): ReplayError {
  const counts = [...Map.groupBy(unused, ({ reason }) => reason)].map(([reason, rows]) => ({
    text: `${UNUSED_REASONS[reason]}: ${rows.length}`,
    count: rows.length,
  }));
  const reasons = counts.toSorted((a, b) => b.count - a.count).map(({ text }) => text);
  return new ReplayError([...(reasons.length > 0 ? [reasons.join(', ')] : []), whatFailed].join('; '));
}
