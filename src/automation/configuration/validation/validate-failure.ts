/** Validates what an action says of its failures. */
import type { FieldViolation } from '../../../errors/domain-error.ts';
import { type Action, FailurePolicy, FailurePolicySchema } from '../../../gen/automation/v1/action_pb.ts';
import { checkEnum, checkNumber, checkSpan, violationUnless } from './field-checks.ts';

const MOST_TRIES = 20;
const PAUSE = { leastS: 1, mostDays: 1 };

/** Every violation, with its path below that of the action. */
export function failureFaults({ retry, onFailure, failureSteps }: Action, path: string): FieldViolation[] {
  return [
    ...(retry ? checkNumber(retry.tries, 1, MOST_TRIES, `${path}.retry.tries`) : []),
    ...(retry?.firstPause ? checkSpan(retry.firstPause, PAUSE, `${path}.retry.first_pause`) : []),
    ...(retry?.longestPause ? checkSpan(retry.longestPause, PAUSE, `${path}.retry.longest_pause`) : []),
    ...checkEnum(FailurePolicySchema, onFailure, `${path}.on_failure`),
    ...violationUnless(
      failureSteps.length === 0 || onFailure === FailurePolicy.CONTINUE,
      `${path}.failure_steps`,
      'must be empty unless on_failure is FAILURE_POLICY_CONTINUE',
    ),
  ];
}
