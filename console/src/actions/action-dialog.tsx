/** A change in two steps: what would happen, and then that it happens. */
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { v7 as uuidv7 } from 'uuid';
import { queryClient } from '../calls/transport.ts';
import { Problem } from '../parts/states.tsx';

export interface ActionDialogProps {
  readonly title: string;
  /** The inputs; changing one takes the preview back. */
  readonly children: ReactNode;
  /** Changes with every input. */
  readonly input: string;
  /** Asks what would happen, and writes nothing. */
  readonly preview: () => Promise<ReactNode>;
  /** Does it, under this request ID: sent again, it is done once. */
  readonly confirm: (requestId: string) => Promise<unknown>;
  readonly onClose: () => void;
}

interface Previewed {
  readonly input: string;
  readonly content: ReactNode;
  readonly requestId: string;
}

export function ActionDialog({ title, children, input, preview, confirm, onClose }: ActionDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [previewed, setPreviewed] = useState<Previewed>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setIsBusy] = useState(false);
  const current = previewed?.input === input ? previewed : undefined;
  useEffect(() => dialog.current?.showModal(), []);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    // A dialog that a form opened is no part of that form.
    event.stopPropagation();
    setIsBusy(true);
    setError(undefined);
    try {
      if (current) {
        await confirm(current.requestId);
        await queryClient.invalidateQueries();
        onClose();
      } else {
        setPreviewed({ input, content: await preview(), requestId: uuidv7() });
      }
    } catch (refusal) {
      setError(refusal);
    } finally {
      setIsBusy(false);
    }
  }

  return createPortal(
    <dialog ref={dialog} onClose={onClose} aria-labelledby="action-title">
      <form onSubmit={submit} className="action">
        <h2 id="action-title">{title}</h2>
        {children}
        {current && (
          <div className="preview" role="status">
            {current.content}
          </div>
        )}
        {error !== undefined && <Problem error={error} />}
        <div className="send">
          <button type="submit" className="primary" disabled={isBusy}>
            {current ? 'Confirm' : 'Preview'}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>,
    document.body,
  );
}

export function ReasonInput({ value, onChange }: { value: string; onChange: (reason: string) => void }) {
  return (
    <label>
      Reason, for the audit trail
      <input
        type="text"
        value={value}
        maxLength={1000}
        required
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

/** The metadata of a writing call. */
export function under(requestId: string) {
  return { headers: { 'idempotency-key': requestId } };
}
