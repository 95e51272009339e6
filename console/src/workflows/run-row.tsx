/** One run of a workflow, step by step. */
import {
  StepOutcome,
  StepOutcomeSchema,
  type WorkflowEnrollment,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { RunState } from '../athletes/runs.tsx';
import { AthleteLink } from '../parts/athlete-link.tsx';
import { Opened } from '../parts/opened.tsx';
import { enumWords, formatMoment, sentenceCase } from '../words/formats.ts';
import { RunActions } from './run-actions.tsx';
import { RunTries } from './run-tries.tsx';

/** `workflow`: its name, where runs of several are listed. */
export function RunRow({ run, workflow }: { run: WorkflowEnrollment; workflow?: string }) {
  return (
    <li className="entry">
      <RunActions run={run} />
      <p className="entry-head">
        <span className="quiet">{formatMoment(run.enrolledAt)}</span> <AthleteLink userId={run.userId} />{' '}
        {workflow && <strong>{workflow}</strong>} <RunState run={run} />
      </p>
      {run.dueAt && <p className="quiet">Goes on {formatMoment(run.dueAt)}</p>}
      <ol className="run-steps">
        {run.steps.map(({ step, action, outcome, attempts, reason, executedAt, taken }) => (
          <li key={step}>
            {sentenceCase(action)}{' '}
            <span className={outcome === StepOutcome.FAILED ? 'bad' : 'quiet'}>
              {enumWords(StepOutcomeSchema, outcome).toLowerCase()}
              {attempts > 1 && ` after ${attempts} tries`}
              {taken && `: ${taken.replaceAll('_', ' ')}`}
              {executedAt && `, ${formatMoment(executedAt)}`}
            </span>{' '}
            {reason && <code className="reason">{reason}</code>}
          </li>
        ))}
      </ol>
      {run.steps.length > 0 && <Opened summary="Every try">{() => <RunTries runId={run.id} />}</Opened>}
    </li>
  );
}
