/** What became of a training log's rows, or would become of them. */
import type { TrainingLogReport, UnusedRows } from '../../../src/gen/progression/v1/training_log_pb.ts';

/** The lines that are named of each reason. */
const NAMED_LINES = 8;

export function ImportReport({ report }: { report: TrainingLogReport }) {
  const { format, rowCount, setCount, newEventCount, knownEventCount, appliedCount, unused } = report;
  const isImported = newEventCount + knownEventCount > 0;
  return (
    <>
      <p>
        {format}: {count(rowCount, 'row')}, {count(setCount, 'set')} used.
        {isImported &&
          ` ${newEventCount} new, ${knownEventCount} imported before; ${count(appliedCount, 'max', 'maxes')} changed.`}
      </p>
      {unused.length > 0 && (
        <>
          <p>Not used:</p>
          <ul className="unused">
            {unused.map((rows) => (
              <li key={rows.reason}>
                {count(rows.count, 'row')}: {rows.description} {describeWhere(rows)}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function describeWhere({ lines, example, count: all }: UnusedRows) {
  const named = lines.slice(0, NAMED_LINES).join(', ');
  return (
    <span className="quiet">
      {example && `${/^"/.test(example) ? example : `"${example}"`}, `}
      {lines.length === 1 ? 'line' : 'lines'} {named}
      {all > NAMED_LINES && ' …'}
    </span>
  );
}

function count(number: number, one: string, several = `${one}s`): string {
  return `${number} ${number === 1 ? one : several}`;
}
