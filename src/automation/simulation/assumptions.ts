/** What a simulation assumes of steps whose results come from outside: answers to webhooks, and events that runs wait for. */
import { toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { shown } from '../../calls/shown-text.ts';
import type { Limits } from '../../config/config.ts';
import type { FieldViolation } from '../../errors/domain-error.ts';
import type { AssumedResult, KeptAnswer } from '../../gen/automation/v1/workflow_service_pb.ts';
import { storedActionName } from '../actions/step.ts';
import { programOf } from '../actions/tree/program.ts';
import type { ReceivedAnswer } from '../actions/webhook-port.ts';
import { checkNumber, requireNone, violationUnless } from '../configuration/validation/field-checks.ts';

/** By the numbers of the steps. */
export interface Assumptions {
  /** The answers to webhooks; one without is accepted, without an answer. */
  readonly answers: ReadonlyMap<number, ReceivedAnswer>;
  /** The waits whose event comes; others time out. */
  readonly received: ReadonlySet<number>;
}

/** The actions whose results a simulation assumes, and the field of AssumedResult for each. */
const ASSUMED_FIELDS: Readonly<Record<string, 'answer' | 'received'>> = {
  call_webhook: 'answer',
  wait_for_event: 'received',
};

/** Whether a simulation assumes the results of the action. */
export function isAssumed(action: string): boolean {
  return Object.hasOwn(ASSUMED_FIELDS, action);
}

/** Throws VALIDATION_FAILED for a path that is no such step of the actions, or is there twice. */
export function readAssumptions(
  assumed: readonly AssumedResult[],
  actions: readonly unknown[],
  limits: Pick<Limits, 'keptAnswerBytes'>,
): Assumptions {
  const steps = new Map(programOf(actions).map((step) => [step.path, step]));
  const answers = new Map<number, ReceivedAnswer>();
  const received = new Set<number>();
  const violations: FieldViolation[] = [];
  for (const [index, { path, result }] of assumed.entries()) {
    const field = `run.assumed[${index}]`;
    const step = steps.get(path);
    const number = step?.number ?? 0;
    const isOfKind = ASSUMED_FIELDS[storedActionName(step?.stored)] === result.case;
    const rule = `must be the path of a step that ${result.case === 'answer' ? 'calls a webhook' : 'waits for an event'}`;
    violations.push(
      ...violationUnless(isOfKind, `${field}.path`, `${rule}; was ${shown(path)}`),
      ...violationUnless(
        assumed.findIndex((each) => each.path === path) === index,
        `${field}.path`,
        'must not be there twice',
      ),
    );
    if (result.case === 'answer') {
      violations.push(...checkNumber(result.value.status, 100, 599, `${field}.answer.status`));
      answers.set(number, receivedAnswer(result.value, limits));
    } else if (result.value) {
      received.add(number);
    }
  }
  requireNone(violations);
  return { answers, received };
}

/** As a receiver would have answered it. */
function receivedAnswer(
  { status, body }: KeptAnswer,
  { keptAnswerBytes }: Pick<Limits, 'keptAnswerBytes'>,
): ReceivedAnswer {
  const text = body ? JSON.stringify(toJson(ValueSchema, body)) : '';
  const isKept = body !== undefined && Buffer.byteLength(text) <= keptAnswerBytes;
  return { status, content: isKept ? { type: 'application/json', text } : undefined };
}
