/** Undoes what a session applied. */
import { useState } from 'react';
import type { CompletedSession } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { progressions } from '../calls/clients.ts';
import { dayName } from '../words/formats.ts';
import type { WordsContext } from '../words/outcome-words.ts';
import { ActionDialog, ReasonInput, under } from './action-dialog.tsx';
import { ChangesView } from './changes-view.tsx';

interface UndoSessionProps {
  readonly userId: string;
  readonly session: CompletedSession;
  readonly context: WordsContext;
  readonly onClose: () => void;
}

export function UndoSession({ userId, session, context, onClose }: UndoSessionProps) {
  const [reason, setReason] = useState('');
  const request = { userId, event: { case: 'sessionId', value: session.sessionId }, reason } as const;
  return (
    <ActionDialog
      title={`Undo what ${session.daySlug ? dayName(session.daySlug) : 'the session'} applied`}
      input={reason}
      onClose={onClose}
      preview={async () => {
        const { compensations } = await progressions.revertEvent({ ...request, validateOnly: true });
        return <ChangesView compensations={compensations} results={[]} context={context} />;
      }}
      confirm={(requestId) => progressions.revertEvent(request, under(requestId))}
    >
      <p className="quiet">The sets stay. The session may be reported anew under another request ID.</p>
      <ReasonInput value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
