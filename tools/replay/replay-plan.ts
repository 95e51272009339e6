/** The calls for a log, in order; and the ids by which the same log is recognised. */
import { createHash } from 'node:crypto';
import { v5 as idFromName } from 'uuid';
import { heaviestWorkSets, type SessionStep, stepsOfSession } from '../../src/training-logs/session-steps.ts';
import type { TrainedSession } from '../../src/training-logs/sessions.ts';
import type { ReplayedProgram } from './replayed-program.ts';

export type ReplayStep =
  | { readonly type: 'ATHLETE' }
  | { readonly type: 'ENROLLMENT' }
  | { readonly type: 'STARTING_MAX'; readonly liftId: string; readonly value: string }
  | SessionStep;

export interface ReplayPlan {
  readonly steps: readonly ReplayStep[];
  readonly sessionCount: number;
  /** The athlete of a log that ends after this number of sessions, from 1. */
  athleteOf(sessions: number): ReplayedAthlete;
}

/** The ids by which a log is recognised. Common first steps of two logs have the same ids under one athlete. */
export interface ReplayedAthlete {
  /** The same for the same sets on the same program, however the file was named or stored. */
  readonly fingerprint: string;
  readonly userId: string;
  sessionId(session: number): string;
  requestId(step: number): string;
}

/** The root of all ids of replays. */
const NAMESPACE = '314872e8-6c44-4501-b245-302dfc434a04';

/** A lift's training max starts where the log does: at the heaviest work set of its first session. */
export function planReplay(program: ReplayedProgram, sessions: readonly TrainedSession[]): ReplayPlan {
  const steps: ReplayStep[] = [{ type: 'ATHLETE' }, { type: 'ENROLLMENT' }];
  const started = new Set<string>();
  const ends: number[] = [];
  for (const [index, session] of sessions.entries()) {
    for (const [liftId, value] of heaviestWorkSets(session.sets)) {
      if (!started.has(liftId)) {
        started.add(liftId);
        steps.push({ type: 'STARTING_MAX', liftId, value });
      }
    }
    steps.push(...stepsOfSession(index, session, program));
    ends.push(steps.length);
  }
  const fingerprints = fingerprintsOf(program, steps, ends);
  return {
    steps,
    sessionCount: sessions.length,
    athleteOf(count) {
      const fingerprint = fingerprints[count - 1];
      if (fingerprint === undefined) {
        throw new RangeError(`the plan has no ${count} sessions`);
      }
      return athleteWith(fingerprint);
    },
  };
}

function athleteWith(fingerprint: string): ReplayedAthlete {
  const root = idFromName(fingerprint, NAMESPACE);
  return {
    fingerprint,
    userId: idFromName('user', root),
    sessionId: (session) => idFromName(`session/${session}`, root),
    requestId: (step) => idFromName(`request/${step}`, root),
  };
}

/** One for each session: of the program and all steps up to the session's end, as the JSON of `[id, steps]`. */
function fingerprintsOf(
  { id }: ReplayedProgram,
  steps: readonly ReplayStep[],
  ends: readonly number[],
): string[] {
  const hash = createHash('sha256').update(`[${JSON.stringify(id)},[`);
  let hashed = 0;
  return ends.map((end) => {
    for (const step of steps.slice(hashed, end)) {
      hash.update(`${hashed > 0 ? ',' : ''}${textOf(step)}`);
      hashed += 1;
    }
    return hash.copy().update(']]').digest('hex');
  });
}

function textOf(step: ReplayStep): string {
  return JSON.stringify(step, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
