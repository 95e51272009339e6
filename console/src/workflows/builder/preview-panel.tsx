/** Whom the trigger would match now, as it stands in the form. */
import type { JsonObject } from '@bufbuild/protobuf';
import { fromJson } from '@bufbuild/protobuf';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { TriggerInputSchema } from '../../../../src/gen/automation/v1/trigger_pb.ts';
import { triggers } from '../../calls/clients.ts';
import { AthleteLink } from '../../parts/athlete-link.tsx';
import { Nothing } from '../../parts/states.tsx';
import { plural } from '../../words/formats.ts';
import { objectsIn } from './draft.ts';
import { shapeOf } from './value-control.tsx';

const SETTLING_MS = 400;

/** Asked for when the form has not changed for a moment. */
export function usePreview(trigger: JsonObject) {
  const current = JSON.stringify(trigger);
  const [settled, setSettled] = useState(current);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(current), SETTLING_MS);
    return () => clearTimeout(timer);
  }, [current]);
  const asked: JsonObject = JSON.parse(settled);
  const preview = useQuery({
    queryKey: ['preview of a trigger', settled],
    enabled: asked.triggerEvent !== undefined && isFilledIn((asked.filter ?? {}) as JsonObject),
    retry: false,
    async queryFn({ signal }) {
      const input = fromJson(TriggerInputSchema, asked);
      return triggers.previewTrigger({ target: { case: 'trigger', value: input } }, { signal });
    },
  });
  return { ...preview, isSettled: settled === current };
}

/** Whether each condition has its field and its value, and each of the history its event, its span and its count. */
function isFilledIn(group: JsonObject): boolean {
  return (
    objectsIn(group.groups).every(isFilledIn) &&
    objectsIn(group.history).every(
      ({ event, within, atLeast, none, filter }) =>
        event !== undefined &&
        within !== undefined &&
        (atLeast !== undefined || none !== undefined) &&
        isFilledIn((filter ?? {}) as JsonObject),
    ) &&
    objectsIn(group.conditions).every(
      ({ field, operator, value }) =>
        field !== undefined &&
        operator !== undefined &&
        (value !== undefined || shapeOf(`${operator}`) === 'none'),
    )
  );
}

export function PreviewPanel({ preview }: { preview: ReturnType<typeof usePreview> }) {
  const { data, error } = preview;
  return (
    <section className="panel" aria-live="polite">
      <h2>Athletes who match now</h2>
      {error ? (
        <p className="quiet">The trigger cannot be counted yet: see what its fields say.</p>
      ) : data ? (
        <>
          <p>
            <strong className="figure">{plural(data.estimatedCount, 'athlete')}</strong>{' '}
            {data.hasMore && <span className="quiet">of the {data.examinedCount} added last</span>}{' '}
            {data.approximate && <span className="quiet">if the event meets its conditions</span>}
          </p>
          <ul className="plain">
            {data.sampleUsers.map(({ userId }) => (
              <li key={userId}>
                <AthleteLink userId={userId} />
              </li>
            ))}
          </ul>
        </>
      ) : (
        <Nothing>Counted when the event and each condition are filled in.</Nothing>
      )}
    </section>
  );
}
