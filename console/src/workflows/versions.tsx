/** The versions of a trigger, with what each changed, and the way back to an earlier one. */
import { useQuery } from '@connectrpc/connect-query';
import { useState } from 'react';
import type { Trigger, TriggerVersion } from '../../../src/gen/automation/v1/trigger_pb.ts';
import { TriggerService } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { ActionDialog, under } from '../actions/action-dialog.tsx';
import { triggers } from '../calls/clients.ts';
import { useMay } from '../calls/permissions.ts';
import { showValue } from '../parts/json-view.tsx';
import { Answer, Nothing } from '../parts/states.tsx';
import { findDifferences } from '../words/differences.ts';
import { formatMoment, sentenceCase } from '../words/formats.ts';
import { inputOfTrigger } from './trigger-input.ts';

export function Versions({ trigger }: { trigger: Trigger }) {
  const versions = useQuery(TriggerService.method.listTriggerVersions, {
    ...{ triggerId: trigger.id, pageSize: 20 },
  });
  const mayWrite = useMay(TriggerService.method.rollbackTrigger);
  const [target, setTarget] = useState<TriggerVersion>();
  return (
    <section className="panel">
      <h2>Versions of the trigger</h2>
      <Answer query={versions}>
        {({ versions: all }) => (
          <ul className="plain">
            {all.map((each, index) => {
              const { version, action, actor, recordedAt } = each;
              const before = all[index + 1];
              return (
                <li key={version}>
                  {version}. {sentenceCase(action.replaceAll(/([a-z])([A-Z])/g, '$1 $2'))}
                  <br />
                  <span className="quiet">
                    {formatMoment(recordedAt)} by {actor}
                  </span>
                  {before && (
                    <details>
                      <summary>What changed</summary>
                      <Differences before={before.trigger} after={each.trigger} />
                    </details>
                  )}
                  {mayWrite && index > 0 && (
                    <p>
                      <button type="button" className="link" onClick={() => setTarget(each)}>
                        Go back to version {version} …
                      </button>
                    </p>
                  )}
                </li>
              );
            })}
          </ul>
        )}
      </Answer>
      {target && (
        <ActionDialog
          title={`Go back to version ${target.version}`}
          input={`${target.version} ${trigger.etag}`}
          onClose={() => setTarget(undefined)}
          preview={async () => <Differences before={trigger} after={target.trigger} />}
          confirm={(requestId) =>
            triggers.rollbackTrigger(
              { triggerId: trigger.id, etag: trigger.etag, version: target.version },
              under(requestId),
            )
          }
        >
          <p className="quiet">The trigger becomes what it was, as its newest version.</p>
        </ActionDialog>
      )}
    </section>
  );
}

function Differences({ before, after }: { before: Trigger | undefined; after: Trigger | undefined }) {
  const found = before && after ? findDifferences(inputOfTrigger(before), inputOfTrigger(after)) : [];
  return found.length === 0 ? (
    <Nothing>Nothing differs.</Nothing>
  ) : (
    <ul className="differences">
      {found.map((each) => (
        <li key={each.path}>
          <code>{each.path}</code>
          <br />
          <del>{showValue(each.before)}</del> → <ins>{showValue(each.after)}</ins>
        </li>
      ))}
    </ul>
  );
}
