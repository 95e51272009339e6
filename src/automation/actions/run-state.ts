/** Changes the state of a locked run: it is leased, rests, goes on to a further step, or ends. A run that has ended stays so. */
import type { Instant } from '../../values/instant.ts';
import type { Run } from './load-run.ts';

/** Leases the run until `until`: other processes leave it alone unless the lease expires. */
export function claimRun({ enrollment }: Run, until: Instant): void {
  enrollment.state = 'ACTIVE';
  enrollment.attempts += 1;
  enrollment.dueAt = until;
}

/** The run continues at this time, with so many attempts at the step. */
export function rest(run: Run, until: Instant, attempts: number): void {
  if (run.enrollment.state === 'PAUSED') {
    // It was paused while a call was under way.
    Object.assign(run.enrollment, { pausedDueAt: until, attempts });
  } else if (!hasEnded(run)) {
    Object.assign(run.enrollment, { state: 'ACTIVE', dueAt: until, attempts });
  }
}

/** To the step that follows, or to the first of the list that the step took. */
export function moveOn(run: Run, taken: string | null | undefined, now: Instant): void {
  if (hasEnded(run)) {
    return;
  }
  const { enrollment, program, exitEvents } = run;
  const position = program[enrollment.nextStep];
  const entry = taken ? position?.entries.get(taken) : position?.next;
  if (entry === undefined) {
    throw new TypeError(`step ${enrollment.nextStep} has no steps that follow ${taken}`);
  }
  enrollment.nextStep = entry;
  enrollment.received = null;
  enrollment.listensTo = exitEvents.length > 0 ? [...exitEvents] : null;
  if (entry < program.length) {
    rest(run, now, 0);
  } else {
    completeRun(run, now);
  }
}

/** All steps are done. */
export function completeRun(run: Run, now: Instant): void {
  end(run, 'COMPLETED', null, now);
}

/** A step has failed for good. */
export function failRun(run: Run, reason: string, now: Instant): void {
  end(run, 'FAILED', reason, now);
}

/** The athlete has been deleted. */
export function cancelRun(run: Run, now: Instant): void {
  end(run, 'CANCELLED', 'SUBJECT_DELETED', now);
}

function end(
  run: Run,
  state: 'COMPLETED' | 'FAILED' | 'CANCELLED',
  reason: string | null,
  now: Instant,
): void {
  if (!hasEnded(run)) {
    const ended = { state, dueAt: null, pausedDueAt: null, endedAt: now, endedReason: reason };
    Object.assign(run.enrollment, { ...ended, attempts: 0 });
  }
}

/** Deleting a workflow cancels its runs, including those with a call under way. */
export function hasEnded({ enrollment }: Run): boolean {
  return enrollment.endedAt !== null;
}
