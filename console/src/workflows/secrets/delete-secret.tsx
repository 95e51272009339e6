/** Deletes a secret that no workflow sends. */
import { ActionDialog, under } from '../../actions/action-dialog.tsx';
import { workflows } from '../../calls/clients.ts';

export function DeleteSecret({ name, onClose }: { name: string; onClose: () => void }) {
  return (
    <ActionDialog
      title={`Delete the secret ${name}`}
      input={name}
      onClose={onClose}
      preview={async () => <p>Its value is lost.</p>}
      confirm={(requestId) => workflows.deleteSecret({ name }, under(requestId))}
    >
      <p className="quiet">It is refused while a workflow sends the secret or signs with it.</p>
    </ActionDialog>
  );
}
