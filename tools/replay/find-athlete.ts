/** Finds the athlete that an earlier replay of the same person's log has made. */
import { Code, ConnectError } from '@connectrpc/connect';
import type { ReplayPlan } from './replay-plan.ts';
import type { ServiceClients } from './service-clients.ts';

/**
 * How many of the plan's sessions are known: those of the longest earlier log that this one begins with; 0 when the
 * athlete is new. An athlete's id comes from the content of the log that made it, so each beginning of this log is
 * asked for, the longest first. Throws ConnectError.
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
