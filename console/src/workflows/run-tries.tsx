/** Every try of every step of a run, and what was answered to its webhooks. */
import { toJson } from '@bufbuild/protobuf';
import { timestampMs, ValueSchema } from '@bufbuild/protobuf/wkt';
import { useQuery } from '@connectrpc/connect-query';
import {
  type KeptAnswer,
  StepOutcomeSchema,
  type StepTry,
  WorkflowService,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { Answer } from '../parts/states.tsx';
import { enumWords, formatClock, formatDay, sentenceCase } from '../words/formats.ts';

export function RunTries({ runId }: { runId: string }) {
  const answer = useQuery(WorkflowService.method.getRun, { runId });
  return (
    <Answer query={answer}>
      {({ run }) => (
        <ol className="tries">
          {run?.steps.map(({ path, action, tries, answer: received }) => (
            <li key={path}>
              {sentenceCase(action)} <code className="reason">{path}</code>
              {tries.length > 0 && (
                <ol>
                  {tries.map((each, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: tries have no identity but their place
                    <Try key={index} attempt={each} />
                  ))}
                </ol>
              )}
              {received && <Received answer={received} />}
            </li>
          ))}
        </ol>
      )}
    </Answer>
  );
}

function Try({ attempt: { startedAt, endedAt, outcome, reason, detail } }: { attempt: StepTry }) {
  const tookMs = startedAt && endedAt ? Math.round(timestampMs(endedAt) - timestampMs(startedAt)) : undefined;
  return (
    <li>
      <span className="quiet">
        {formatDay(startedAt)} {formatClock(startedAt)}
      </span>{' '}
      {enumWords(StepOutcomeSchema, outcome)}
      {tookMs !== undefined && <span className="quiet"> in {tookMs.toLocaleString('en-GB')} ms</span>}{' '}
      {reason && <code className="reason">{reason}</code>}
      {detail && <p>{detail}</p>}
    </li>
  );
}

function Received({ answer: { status, body } }: { answer: KeptAnswer }) {
  return (
    <p>
      <span className="quiet">Answered</span> {status}{' '}
      {body && <code>{JSON.stringify(toJson(ValueSchema, body))}</code>}
    </p>
  );
}
