/** What became of an event: each trigger, and each condition with the value that decided it. */
import { toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { useQuery } from '@connectrpc/connect-query';
import { Link } from 'wouter';
import {
  type ConditionVerdict,
  TriggerService,
  type TriggerVerdict,
  VerdictReasonSchema,
} from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { showValue } from '../parts/json-view.tsx';
import { Answer, Nothing } from '../parts/states.tsx';
import { enumWords } from '../words/formats.ts';

export function Explanation({ eventId }: { eventId: string }) {
  const explanation = useQuery(TriggerService.method.explainEvent, { eventId });
  return (
    <Answer query={explanation}>
      {({ verdicts, evaluatedAt }) =>
        verdicts.length === 0 ? (
          <Nothing>
            {evaluatedAt ? 'No workflow waits for this event.' : 'It has not been evaluated yet.'}
          </Nothing>
        ) : (
          verdicts.map((verdict) => <Verdict key={verdict.triggerId} verdict={verdict} />)
        )
      }
    </Answer>
  );
}

function Verdict({ verdict: { workflowId, enrolled, reason, conditions } }: { verdict: TriggerVerdict }) {
  const { data } = useQuery(
    WorkflowService.method.getWorkflow,
    { workflowId },
    { enabled: workflowId !== '', retry: false, staleTime: 60_000 },
  );
  return (
    <div className="verdict">
      <p>
        <Link href={`/workflows/${workflowId}`}>{data?.workflow?.name ?? 'A workflow'}</Link>{' '}
        <span className={`state ${enrolled ? 'good' : ''}`}>{enumWords(VerdictReasonSchema, reason)}</span>
      </p>
      {conditions.length > 0 && (
        <ul className="conditions">
          {conditions.map((condition) => (
            <Condition key={condition.path} condition={condition} />
          ))}
        </ul>
      )}
    </div>
  );
}

export function Condition({
  condition: { field, operator, expected, actual, matched },
}: {
  condition: ConditionVerdict;
}) {
  return (
    <li className={matched ? 'met' : 'unmet'}>
      <code>
        {field} {operator} {expected && showValue(toJson(ValueSchema, expected))}
      </code>{' '}
      <span className="quiet">
        {matched ? 'met' : 'not met'}: {actual ? showValue(toJson(ValueSchema, actual)) : 'absent'}
      </span>
    </li>
  );
}
