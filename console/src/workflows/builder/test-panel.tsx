/** Tries the stored trigger with an invented event for an athlete; no athlete is enrolled. */
import { useMutation, useQuery } from '@connectrpc/connect-query';
import { type FormEvent, useId, useState } from 'react';
import type { Trigger } from '../../../../src/gen/automation/v1/trigger_pb.ts';
import {
  type EventType,
  type TestTriggerResponse,
  TriggerService,
  VerdictReasonSchema,
} from '../../../../src/gen/automation/v1/trigger_service_pb.ts';
import { UserService } from '../../../../src/gen/progression/v1/user_service_pb.ts';
import { Condition } from '../../events/explanation.tsx';
import { Problem } from '../../parts/states.tsx';
import { enumWords, sentenceCase } from '../../words/formats.ts';

interface TestPanelProps {
  readonly trigger: Trigger | undefined;
  readonly eventType: EventType | undefined;
  /** The form has what the trigger has not. */
  readonly isChanged: boolean;
}

export function TestPanel({ trigger, eventType, isChanged }: TestPanelProps) {
  return (
    <section className="panel">
      <h2>Test</h2>
      {trigger && eventType && !isChanged ? (
        <TestForm key={`${trigger.id} ${trigger.version}`} trigger={trigger} eventType={eventType} />
      ) : (
        <p className="quiet">Save the workflow to test its trigger with an event.</p>
      )}
    </section>
  );
}

function TestForm({ trigger, eventType }: { trigger: Trigger; eventType: EventType }) {
  const id = useId();
  const [search, setSearch] = useState('');
  const [userId, setUserId] = useState('');
  const [data, setData] = useState(() => JSON.stringify(eventType.sample ?? {}, null, 1));
  const found = useQuery(UserService.method.listUsers, { nameContains: search, pageSize: 20 });
  const test = useMutation(TriggerService.method.testTrigger);
  const isJson = isJsonObject(data);
  const chosen = found.data?.users.some((user) => user.id === userId) ? userId : found.data?.users[0]?.id;

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (chosen) {
      const simulated = { data: JSON.parse(data) };
      test.mutate({ triggerId: trigger.id, userId: chosen, event: { case: 'simulated', value: simulated } });
    }
  }
  return (
    <form className="test" onSubmit={submit}>
      <label htmlFor={`${id}-search`}>Find an athlete</label>
      <input
        id={`${id}-search`}
        type="search"
        value={search}
        onChange={({ target }) => setSearch(target.value)}
      />
      <label htmlFor={`${id}-user`}>Athlete</label>
      <select id={`${id}-user`} value={chosen ?? ''} onChange={({ target }) => setUserId(target.value)}>
        {found.data?.users.map((user) => (
          <option key={user.id} value={user.id}>
            {user.name}
          </option>
        ))}
      </select>
      <label htmlFor={`${id}-data`}>Data of the event</label>
      <textarea
        id={`${id}-data`}
        rows={6}
        spellCheck={false}
        aria-invalid={!isJson}
        value={data}
        onChange={({ target }) => setData(target.value)}
      />
      {!isJson && <p className="violation">This is no JSON object yet.</p>}
      <button type="submit" disabled={!isJson || !chosen || test.isPending}>
        Test
      </button>
      {test.error && <Problem error={test.error} />}
      {test.data && <Result result={test.data} />}
    </form>
  );
}

function Result({ result: { wouldEnroll, reason, stages, conditions } }: { result: TestTriggerResponse }) {
  return (
    <div role="status">
      <p>
        <strong>{wouldEnroll ? 'Would enroll' : 'Would not enroll'}</strong>{' '}
        <span className={`state ${wouldEnroll ? 'good' : ''}`}>{enumWords(VerdictReasonSchema, reason)}</span>
      </p>
      <ul className="conditions">
        {conditions.map((condition) => (
          <Condition key={condition.path} condition={condition} />
        ))}
      </ul>
      <ul className="conditions stages">
        {stages.map(({ stage, passed, values }) => (
          <li key={stage} className={passed ? 'met' : 'unmet'}>
            {sentenceCase(stage)}{' '}
            <span className="quiet">
              {Object.entries(values)
                .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${value}`)
                .join(', ')}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function isJsonObject(text: string): boolean {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
