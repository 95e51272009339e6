/** The identifiers of imported events, which follow from the content of the log: the same event is sent once. */
import { createHash } from 'node:crypto';
import { v5 as idFromName } from 'uuid';
import type { SessionStep } from '../../training-logs/session-steps.ts';
import type { TrainedSession } from '../../training-logs/sessions.ts';

export interface ImportIds {
  /** By its time: a longer log of the athlete has the same session. */
  sessionId(session: number): string;
  /** By its content. */
  requestId(step: SessionStep): string;
}

/** The root of all identifiers of imports. */
const NAMESPACE = 'b55f0d1e-0a4e-4a38-9ad5-8a0a5f5b7f0c';

export function createImportIds(
  accountId: string,
  userId: string,
  sessions: readonly TrainedSession[],
): ImportIds {
  const root = idFromName(`${accountId}/${userId}`, NAMESPACE);
  const names = namesOf(sessions);
  return {
    sessionId: (session) => idFromName(`session/${names[session]}`, root),
    requestId(step) {
      const name = 'session' in step ? names[step.session] : '';
      const content = JSON.stringify(step, (_, value) => (typeof value === 'bigint' ? String(value) : value));
      const hash = createHash('sha256').update(content).digest('hex');
      return idFromName(`${step.type}/${name}/${hash}`, root);
    },
  };
}

/** The time of each session, and its place among those of the same time. */
function namesOf(sessions: readonly TrainedSession[]): string[] {
  const counts = new Map<bigint, number>();
  return sessions.map(({ at }) => {
    const earlier = counts.get(at) ?? 0;
    counts.set(at, earlier + 1);
    return `${at}/${earlier}`;
  });
}
