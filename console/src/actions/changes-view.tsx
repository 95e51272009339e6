/** What a change would do, or did: what is undone, and what comes out anew. */
import type { Compensation } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { formatWeight } from '../words/formats.ts';
import { describeResults, type WordsContext } from '../words/outcome-words.ts';

interface ChangesViewProps {
  readonly compensations: readonly Compensation[];
  readonly results: Parameters<typeof describeResults>[0];
  readonly context: WordsContext;
}

export function ChangesView({ compensations, results, context }: ChangesViewProps) {
  const { names, stored, shown } = context;
  const words = describeResults(results, context);
  if (compensations.length === 0 && words.length === 0) {
    return <p>No lift max changes.</p>;
  }
  return (
    <ul className="outcomes">
      {compensations.map(({ logId, revertedLogId, liftId, progressionId, previousValue, newValue }) => (
        <li key={logId || revertedLogId} className="held">
          Undone: {names.lift(liftId)} from {formatWeight(previousValue, stored, shown)} back to{' '}
          {formatWeight(newValue, stored, shown)} ({names.rule(progressionId)})
        </li>
      ))}
      {words.map(({ liftId, tone, text }) => (
        <li key={liftId} className={tone}>
          {text}
        </li>
      ))}
    </ul>
  );
}
