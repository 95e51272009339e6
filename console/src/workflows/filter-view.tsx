/** A filter as a tree. */
import { type FilterGroup, FilterLogic } from '../../../src/gen/automation/v1/filter_pb.ts';
import { describeCondition, describeHistory } from './workflow-words.ts';

export function FilterView({ filter }: { filter: FilterGroup | undefined }) {
  if (!filter || filter.conditions.length + filter.groups.length + filter.history.length === 0) {
    return <p className="quiet">No condition: every such event counts.</p>;
  }
  const word = filter.logic === FilterLogic.OR ? 'any' : 'all';
  return (
    <div className="filter">
      <p className="quiet">
        {filter.not ? 'Not' : ''} {word} of
      </p>
      <ul>
        {filter.conditions.map((condition) => {
          const words = describeCondition(condition);
          return <li key={words}>{words}</li>;
        })}
        {filter.history.map((history, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no identity but their place
          <li key={index}>
            {describeHistory(history)}
            {history.filter && <FilterView filter={history.filter} />}
          </li>
        ))}
        {filter.groups.map((group, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: groups have no identity but their place
          <li key={index}>
            <FilterView filter={group} />
          </li>
        ))}
      </ul>
    </div>
  );
}
