/** Stores a secret under a new name, or replaces the value of one. */
import { useState } from 'react';
import { ActionDialog, under } from '../../actions/action-dialog.tsx';
import { workflows } from '../../calls/clients.ts';

interface SetSecretProps {
  /** The name of the secret whose value is replaced; absent: a new one. */
  readonly replaced?: string;
  readonly onSet?: (name: string) => void;
  readonly onClose: () => void;
}

export function SetSecret({ replaced, onSet, onClose }: SetSecretProps) {
  const [name, setName] = useState(replaced ?? '');
  const [value, setValue] = useState('');
  return (
    <ActionDialog
      title={replaced ? `Replace the value of ${replaced}` : 'New secret'}
      input={JSON.stringify([name, value])}
      onClose={onClose}
      preview={async () => {
        const { secrets } = await workflows.listSecrets({});
        return secrets.some((secret) => secret.name === name) ? (
          <p>
            The value of <code>{name}</code> is replaced. Steps that run from now on send the new one; the old
            one is lost.
          </p>
        ) : (
          <p>
            <code>{name}</code> is added. Texts of webhooks send it as <code>{`{{ secrets.${name} }}`}</code>.
          </p>
        );
      }}
      confirm={async (requestId) => {
        await workflows.setSecret({ name, value }, under(requestId));
        onSet?.(name);
      }}
    >
      {replaced === undefined && (
        <label>
          Name
          <input
            type="text"
            required
            autoComplete="off"
            spellCheck={false}
            pattern="[a-z][a-z0-9_]{0,49}"
            title="A lower-case letter, then lower-case letters, digits and _, at most 50"
            placeholder="shop_token"
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        </label>
      )}
      <label>
        Value; it is not shown again
        <input
          type="password"
          required
          autoComplete="new-password"
          value={value}
          onChange={({ target }) => setValue(target.value)}
        />
      </label>
    </ActionDialog>
  );
}
