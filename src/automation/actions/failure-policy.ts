/** What a stored action says of its failures: how often it is tried, and what follows. */
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import type { Limits } from '../../config/config.ts';
import { RetryPolicySchema } from '../../gen/automation/v1/action_pb.ts';
import { FAILED } from './tree/child-lists.ts';

export type RetryLimits = Pick<Limits, 'stepTries' | 'firstStepPauseMs' | 'longestStepPauseMs'>;

/** The action's own retry policy; the server's for what it leaves open, and for a damaged action. */
export function retryLimitsOf(stored: unknown, limits: RetryLimits): RetryLimits {
  const { retry } = (stored ?? {}) as { readonly retry?: JsonValue };
  if (retry === undefined) {
    return limits;
  }
  const { tries, firstPause, longestPause } = fromJson(RetryPolicySchema, retry);
  const longestStepPauseMs = millisOf(longestPause) ?? limits.longestStepPauseMs;
  const firstStepPauseMs = millisOf(firstPause) ?? limits.firstStepPauseMs;
  return { stepTries: tries, firstStepPauseMs, longestStepPauseMs };
}

function millisOf(pause: Duration | undefined): number | undefined {
  return pause && Number(pause.seconds) * 1000 + pause.nanos / 1_000_000;
}

/** What follows a failure for good: the end of the run, or the list that it takes, if there is one. */
export function afterFailure(stored: unknown): 'FAIL' | { readonly taken: string | null } {
  const { onFailure, failureSteps = [] } = (stored ?? {}) as {
    readonly onFailure?: string;
    readonly failureSteps?: readonly unknown[];
  };
  return onFailure === 'FAILURE_POLICY_CONTINUE'
    ? { taken: failureSteps.length > 0 ? FAILED : null }
    : 'FAIL';
}
