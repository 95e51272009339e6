/** Versions of a workflow or of its trigger, with what each changed, and the way back to an earlier one. */
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../actions/action-dialog.tsx';
import { showValue } from '../parts/json-view.tsx';
import { Opened } from '../parts/opened.tsx';
import { Nothing } from '../parts/states.tsx';
import type { Difference } from '../words/differences.ts';
import { formatMoment, sentenceCase } from '../words/formats.ts';

interface Version {
  readonly version: number;
  readonly action: string;
  readonly actor: string;
  readonly recordedAt?: Timestamp | undefined;
}

interface VersionListProps<V extends Version> {
  /** What they are versions of: `workflow` or `trigger`. */
  readonly noun: string;
  /** The newest first. */
  readonly versions: readonly V[];
  readonly etag: string;
  readonly mayRollBack: boolean;
  /** What a version changed of another. */
  readonly differences: (before: V, after: V) => ReactNode;
  /** What else the way back asks for. */
  readonly options?: ReactNode;
  /** Changes with each of the options. */
  readonly optionsInput?: string;
  /** Resolves to what became of it in words; empty: there is nothing to tell. */
  readonly rollBack: (version: V, requestId: string) => Promise<string>;
}

export function VersionList<V extends Version>(props: VersionListProps<V>) {
  const { noun, versions, etag, mayRollBack, differences, options, optionsInput = '', rollBack } = props;
  const [target, setTarget] = useState<V>();
  const [told, setTold] = useState('');
  const [newest] = versions;
  return (
    <section className="panel">
      <h2>Versions of the {noun}</h2>
      {told && <p role="status">{told}</p>}
      <ul className="plain">
        {versions.map((each, index) => {
          const { version, action, actor, recordedAt } = each;
          const before = versions[index + 1];
          return (
            <li key={version}>
              {version}. {sentenceCase(action.replaceAll(/([a-z])([A-Z])/g, '$1 $2'))}
              <br />
              <span className="quiet">
                {formatMoment(recordedAt)} by {actor}
              </span>
              {before && <Opened summary="What changed">{() => differences(before, each)}</Opened>}
              {mayRollBack && index > 0 && (
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
      {target && newest && (
        <ActionDialog
          title={`Go back to version ${target.version}`}
          input={`${target.version} ${etag} ${optionsInput}`}
          onClose={() => setTarget(undefined)}
          preview={async () => differences(newest, target)}
          confirm={async (requestId) => setTold(await rollBack(target, requestId))}
        >
          <p className="quiet">The {noun} becomes what it was, as its newest version.</p>
          {options}
        </ActionDialog>
      )}
    </section>
  );
}

export function Differences({ found }: { found: readonly Difference[] }) {
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
