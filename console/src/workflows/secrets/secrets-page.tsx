/** The secrets of the account by name: their values go in, and no page gets them out. */
import { useQuery } from '@connectrpc/connect-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { type Secret, WorkflowService } from '../../../../src/gen/automation/v1/workflow_service_pb.ts';
import { useMay } from '../../calls/permissions.ts';
import { useSettings } from '../../calls/settings.ts';
import { Answer, Nothing } from '../../parts/states.tsx';
import { Title } from '../../parts/title.tsx';
import { formatMoment } from '../../words/formats.ts';
import { DeleteSecret } from './delete-secret.tsx';
import { SetSecret } from './set-secret.tsx';

export default function SecretsPage() {
  const secrets = useQuery(WorkflowService.method.listSecrets, {});
  const mayWrite = useMay(WorkflowService.method.setSecret);
  const hasKey = useSettings()?.hasSecretsKey;
  const [isAdding, setIsAdding] = useState(false);
  return (
    <>
      <Title>Secrets</Title>
      <p className="crumbs">
        <Link href="/workflows">Workflows</Link>
      </p>
      <header className="heading">
        <div>
          <h1>Secrets</h1>
          <p className="documentation quiet">
            Webhooks of workflows send a secret where their texts have <code>{'{{ secrets.<name> }}'}</code>,
            and sign with those among their signing secrets. Values are stored encrypted, and never shown.
          </p>
        </div>
        {mayWrite && hasKey && (
          <button type="button" onClick={() => setIsAdding(true)}>
            New secret …
          </button>
        )}
      </header>
      {hasKey === false && (
        <p className="banner">
          This server has no key that encrypts secrets, so that none can be set. Its operator sets{' '}
          <code>SECRETS_KEY</code> or <code>SECRETS_KEY_FILE</code>.
        </p>
      )}
      <Answer query={secrets}>
        {({ secrets: all }) =>
          all.length === 0 ? (
            <Nothing>No secret yet.</Nothing>
          ) : (
            <ul className="panel timeline">
              {all.map((secret) => (
                <SecretRow
                  key={secret.name}
                  secret={secret}
                  mayReplace={mayWrite && hasKey === true}
                  mayDelete={mayWrite}
                />
              ))}
            </ul>
          )
        }
      </Answer>
      {isAdding && <SetSecret onClose={() => setIsAdding(false)} />}
    </>
  );
}

interface SecretRowProps {
  readonly secret: Secret;
  readonly mayReplace: boolean;
  readonly mayDelete: boolean;
}

function SecretRow({ secret: { name, updatedAt, updatedBy }, mayReplace, mayDelete }: SecretRowProps) {
  const [open, setOpen] = useState<'replace' | 'delete'>();
  const onClose = () => setOpen(undefined);
  return (
    <li className="entry">
      <span className="entry-actions send">
        {mayReplace && (
          <button type="button" className="link" onClick={() => setOpen('replace')}>
            Replace <span className="unseen">the value of {name}</span> …
          </button>
        )}
        {mayDelete && (
          <button type="button" className="link" onClick={() => setOpen('delete')}>
            Delete <span className="unseen">{name}</span> …
          </button>
        )}
      </span>
      <p className="entry-head">
        <strong>{name}</strong>
      </p>
      <p className="quiet">
        Set {formatMoment(updatedAt)} by {updatedBy}
      </p>
      {open === 'replace' && <SetSecret replaced={name} onClose={onClose} />}
      {open === 'delete' && <DeleteSecret {...{ name, onClose }} />}
    </li>
  );
}
