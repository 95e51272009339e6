/** Finds the athlete that an earlier replay of the same log has created. */
import { Code, ConnectError } from '@connectrpc/connect';
import type { ReplayPlan } from './replay-plan.ts';
import type { ServiceClients } from './service-clients.ts';

/**
 * The number of known sessions: those of the longest earlier log with which this one begins; 0 for a new athlete. An
 * athlete's id is computed from the content of its log, so each beginning of this log is looked up, the longest first.
 * Throws ConnectError.
 */
export async function findKnownSessions(users: ServiceClients['users'], plan: ReplayPlan): Promise<number> {
  for (let sessions = plan.sessionCount; sessions > 0; sessions -= 1) {
    if (await exists(users, plan.athleteOf(sessions).userId)) {
      return sessions;
    }
  }
  return 0;
}

async function exists(users: ServiceClients['users'], userId: string): Promise<boolean> {
  try {
    await users.getUser({ userId });
    return true;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) {
      return false;
    }
    throw error;
  }
}
