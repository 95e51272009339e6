/** What a workflow waits for and does, in words. */
import { toJson } from '@bufbuild/protobuf';
import { type Duration, DurationSchema, ValueSchema } from '@bufbuild/protobuf/wkt';
import type { Action } from '../../../src/gen/automation/v1/action_pb.ts';
import type { FilterCondition, HistoryCondition } from '../../../src/gen/automation/v1/filter_pb.ts';
import { EnrollmentPolicySchema, type TriggerSettings } from '../../../src/gen/automation/v1/trigger_pb.ts';
import { EnrollmentStatusSchema } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { showValue } from '../parts/json-view.tsx';
import { enumWords, formatMoment, plural, sentenceCase } from '../words/formats.ts';
import type { Names } from '../words/names.ts';

export function describeCondition({ field, operator, value, ifAbsent }: FilterCondition): string {
  const compared = value ? ` ${showValue(toJson(ValueSchema, value))}` : '';
  const absent = ifAbsent === undefined ? '' : ` (${ifAbsent ? 'met' : 'not met'} when absent)`;
  return `${field} ${operator.replaceAll('_', ' ')}${compared}${absent}`;
}

export function describeHistory({ event, within, expected, filter }: HistoryCondition): string {
  const count = expected.case === 'atLeast' ? `at least ${expected.value}` : 'no';
  return `${count} ${event} in ${within}${filter ? ', of those with' : ''}`;
}

export function describeAction({ action }: Action, names: Names): string {
  // Kinds that have no words of their own below.
  const kind: string = action.case ?? 'nothing';
  const lift = (id: string) => (id === '' ? 'every lift' : names.lift(id));
  switch (action.case) {
    case 'enrollInProgram':
      return `Enroll in ${names.program(action.value.programId)}${action.value.replaceActive ? ', leaving the program that is active' : ''}`;
    case 'leaveProgram':
      return `Leave the program as ${enumWords(EnrollmentStatusSchema, action.value.status).toLowerCase()}`;
    case 'applyProgression':
      return `Apply “${names.rule(action.value.progressionId)}” to ${lift(action.value.liftId)}${action.value.force ? ', by force' : ''}`;
    case 'setLiftMax':
      return `Set the max of ${lift(action.value.liftId)} to ${action.value.value}`;
    case 'scaleLiftMax':
      return `Multiply the max of ${lift(action.value.liftId)} by ${action.value.factor}`;
    case 'addTag':
      return `Add the tag ${action.value.tag}`;
    case 'removeTag':
      return `Remove the tag ${action.value.tag}`;
    case 'setAttribute':
      return `Set ${action.value.field} to ${action.value.value ? showValue(toJson(ValueSchema, action.value.value)) : 'nothing'}`;
    case 'emitEvent':
      return `Emit the event ${action.value.type}`;
    case 'callWebhook':
      return `Call ${action.value.url}${action.value.hasSecret ? ', signed' : ''}`;
    case 'wait':
      return describeWait(action.value.wait);
    default:
      return sentenceCase(kind.replaceAll(/([A-Z])/g, ' $1'));
  }
}

function describeWait(wait: Extract<Action['action'], { case: 'wait' }>['value']['wait']): string {
  switch (wait.case) {
    case 'duration':
      return `Wait for ${describeDuration(wait.value)}`;
    case 'until':
      return `Wait until ${formatMoment(wait.value)}`;
    case 'untilLocalTime':
      return `Wait until it is ${wait.value} for the athlete`;
    default:
      return 'Wait';
  }
}

const SPANS: readonly (readonly [seconds: number, noun: string])[] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
];

export function describeDuration(duration: Duration): string {
  const seconds = Number(duration.seconds);
  const span = SPANS.find(([length]) => seconds >= length && seconds % length === 0);
  return span ? plural(seconds / span[0], span[1]) : toJson(DurationSchema, duration);
}

/** What limits enrollments, one sentence each. */
export function describeSettings(settings: TriggerSettings | undefined): string[] {
  if (!settings) {
    return [];
  }
  const { policy, cooldown, limit, cap, configuration, businessHours, priority } = settings;
  return [
    ...Object.entries(configuration).map(([name, value]) => `${name} is ${value}`),
    `Enrolls ${enumWords(EnrollmentPolicySchema, policy || 1).toLowerCase()}`,
    ...(cooldown ? [`Not again for ${describeDuration(cooldown)}`] : []),
    ...(limit?.window
      ? [`At most ${limit.count} in ${describeDuration(limit.window)} for each athlete`]
      : []),
    ...(cap?.window ? [`At most ${cap.count} in ${describeDuration(cap.window)} for all athletes`] : []),
    ...(businessHours ? [`In business hours of ${businessHours.timeZone}`] : []),
    ...(priority > 0 ? [`Priority ${priority}`] : []),
  ];
}

/** `tag_added` → `Tag added`. */
export const eventName = sentenceCase;
