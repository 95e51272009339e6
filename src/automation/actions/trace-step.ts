/** What traces show of a workflow's step: its identities and the kind of its action, and nothing that a coach wrote. */
import { type TraceAttributes, traced } from '../../flow/traced.ts';
import type { DueEnrollment } from './due-enrollments.ts';
import type { Judgement } from './judge-step.ts';
import type { Run } from './load-run.ts';
import { storedActionName } from './step.ts';

/** A step that is part of no other traced work starts a trace. */
export function traceStep<T>(
  { id }: DueEnrollment,
  take: (attributes: TraceAttributes) => Promise<T>,
): Promise<T> {
  const describe = () => ({
    ...({ name: 'workflow step', kind: 'WORK', isRoot: true } as const),
    attributes: { 'progression.run.id': id },
  });
  return traced(describe, take);
}

/** Adds what is known once the run is locked. */
export function describeRun(attributes: TraceAttributes, { enrollment, step, stored }: Run): void {
  Object.assign(attributes, {
    'progression.workflow.id': step.workflowId,
    'progression.step': step.path,
    'progression.step.attempt': enrollment.attempts + 1,
    'progression.action': storedActionName(stored),
    ...(enrollment.eventId && { 'progression.event.id': enrollment.eventId }),
  });
}

/** Marks the step as failed when it is. */
export function describeJudgement(attributes: TraceAttributes, judgement: Judgement): void {
  if ('reason' in judgement) {
    attributes['error.type'] = judgement.reason;
  }
}
