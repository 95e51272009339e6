/** A small sound history for tests to break: sets, a session, a value set by hand, a published event. */
import { createHash } from 'node:crypto';
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import {
  CorrectSetsResponseSchema,
  HandleSessionCompleteResponseSchema,
  LogSetsResponseSchema,
  SetLiftMaxResponseSchema,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import type { JournalLine } from './client-journal.ts';
import type { EventRow, History, LedgerRow, RelayedRecord } from './run-history.ts';

const ACCOUNT = 'account';
const USER = 'user';

type Writable<T> = T extends (infer E)[] | readonly (infer E)[]
  ? Writable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Writable<T[K]> }
    : T;

/** A mutable history. */
export type BreakableHistory = Writable<History>;

export function soundHistory(): BreakableHistory {
  const sets = [true, false, false].map((isMet, index) => ({
    ...{ accountId: ACCOUNT, userId: USER, id: `set-${index + 1}`, sessionId: 'session', liftId: 'squat' },
    ...{ setNumber: index + 1, targetReps: 5, repsPerformed: isMet ? 5 : 4, isLate: false },
  }));
  const logged = encode(LogSetsResponseSchema, {
    sets: [...sets.map(({ id }) => ({ id })), { id: 'removed' }],
    outcome: { results: [{ applied: true, logId: 'log-1', previousValue: '100', newValue: '90' }] },
  });
  const completed = encode(HandleSessionCompleteResponseSchema, {
    outcome: {
      results: [
        { applied: true, logId: 'log-2', previousValue: '60', newValue: '62.5' },
        { applied: false, previousValue: '90', newValue: '90' },
      ],
    },
  });
  const liftMax = { userId: USER, liftId: 'press', maxType: MaxType.TRAINING_MAX, version: 3, value: '70' };
  const set = encode(SetLiftMaxResponseSchema, { liftMax });
  const corrected = encode(CorrectSetsResponseSchema, { removedSets: [{ id: 'removed' }] });
  const ledger: LedgerRow[] = [
    row('LogSets', 'request-1', logged, 'AFTER_SET', 'set:session:squat:3'),
    row('HandleSessionComplete', 'request-2', completed, 'AFTER_SESSION', 'session:session'),
    row('SetLiftMax', 'request-3', set, null, null),
    row('CorrectSets', 'request-4', corrected, null, null),
    row('HandleSessionComplete', 'request-5', '', 'REVERTED', 'AFTER_SESSION:session:undone:id'),
    row('PublishEvents', 'published', '', null, null),
  ];
  const events: EventRow[] = [
    ...sets.map(({ id }, position) => event(`logged-${id}`, 'set_logged', 1, position, { setId: id })),
    event('applied-1', 'progression_applied', 1, 3, { logId: 'log-1' }),
    event('logged-removed', 'set_logged', 1, 4, { setId: 'removed' }),
    event('completed', 'session_completed', 2, 0, { sessionId: 'session' }),
    event('applied-2', 'progression_applied', 2, 1, { logId: 'log-2' }),
    event('undone', 'session_completed', 2, 2, { sessionId: 'undone' }),
    event('published', 'payment_received', 3, 0, {
      hasVerdict: true,
      runIds: ['run', 'reminder', 'welcome'],
    }),
    event('emitted', 'custom.thanked', 4, 0, { causationId: 'published' }),
    event('ticked', 'recurring_schedule', 5, 0, {
      hasVerdict: true,
      triggerId: 'trigger',
      occurrenceKey: 'key',
    }),
  ];
  const history: History = {
    accounts: [
      {
        ...{ accountId: ACCOUNT, deloadId: 'deload', deloadLiftId: 'squat' },
        ...{ stagesId: 'stages', stagesLiftId: 'bench', failureThreshold: 2, stages: 3 },
        ...{ publishedEvents: ['payment_received', 'custom.invited'], emittedEvent: 'custom.thanked' },
        ...{ thankingId: 'thank', remindingId: 'remind', welcomingId: 'welcome' },
      },
    ],
    journal: ledger.flatMap(({ method, requestId, response }): JournalLine[] => {
      const request = { accountId: ACCOUNT, method, requestId, payload: payloadOf(requestId) };
      return [
        { kind: 'SENT', ...request },
        { kind: 'ANSWERED', ...request, response, atMs: 0 },
      ];
    }),
    stored: {
      ...{ ledger, sets, events, outbox: 0, deadLetters: 0 },
      corrections: [
        { accountId: ACCOUNT, userId: USER, liftId: 'deadlift', setId: 'removed', isRemoved: true },
      ],
      maxes: [max('squat', 1, '100'), max('squat', 2, '90'), max('press', 1, '60'), max('press', 2, '62.5')]
        .map((each) => ({ ...each, source: each.version === 1 ? 'MANUAL' : 'PROGRESSION' }))
        .concat({ ...max('press', 3, '70'), source: 'MANUAL' }),
      logs: [
        {
          ...{ ...max('squat', 2, ''), id: 'log-1', progressionId: 'deload', triggerType: 'ON_FAILURE' },
          ...{ triggerKey: 'set:session:squat:3', revertsLogId: null, isReverted: false },
          ...{ previousValue: '100', newValue: '90', delta: '-10' },
        },
        {
          ...{ ...max('press', 2, ''), id: 'log-2', progressionId: 'linear', triggerType: 'AFTER_SESSION' },
          ...{ triggerKey: 'session:session', revertsLogId: null, isReverted: false },
          ...{ previousValue: '60', newValue: '62.5', delta: '2.5' },
        },
      ],
      counters: [{ accountId: ACCOUNT, userId: USER, liftId: 'squat', progressionId: 'deload', value: 0 }],
      stages: [],
      runs: [
        { ...run('run', 'thank'), steps: [0, 1], stepCount: 2 },
        { ...run('reminder', 'remind'), state: 'EXITED', stepCount: 1 },
        run('welcome', 'welcome'),
      ],
    },
    relayed: events.map(
      ({ id, sequence, position }): RelayedRecord => ({
        id,
        userId: USER,
        sequence,
        position,
        recordedAtMs: 0,
        atMs: 0,
      }),
    ),
    lostPeriods: [],
    cancelledPeriods: [],
    watched: events.map(({ id }) => ({ accountId: ACCOUNT, id })),
    leftovers: [],
    serverErrors: [],
    loadPerProcessor: 1,
  };
  return structuredClone(history) as BreakableHistory;
}

/** In base64, as in the journal. */
export function payloadOf(requestId: string): string {
  return Buffer.from(`payload of ${requestId}`).toString('base64');
}

function row(
  method: string,
  requestId: string,
  response: string,
  triggerType: string | null,
  triggerKey: string | null,
): LedgerRow {
  const fingerprint = createHash('sha256').update(`payload of ${requestId}`).digest('base64');
  return { accountId: ACCOUNT, method, requestId, fingerprint, response, triggerType, triggerKey };
}

function max(liftId: string, version: number, value: string) {
  return { accountId: ACCOUNT, userId: USER, liftId, maxType: 'TRAINING_MAX', version, value };
}

function run(id: string, workflowId: string) {
  return {
    ...{ accountId: ACCOUNT, id, workflowId, userId: USER, enrolledAtMs: 0, eventId: 'published' },
    ...{ state: 'COMPLETED', steps: [], stepCount: 0 },
  };
}

function event(
  id: string,
  type: string,
  sequence: number,
  position: number,
  more: Partial<EventRow>,
): EventRow {
  return {
    ...{ accountId: ACCOUNT, id, type, userId: USER, sequence, position, causationId: null },
    ...{ triggerId: null, occurrenceKey: null, sessionId: null, logId: null, setId: null },
    ...{ hasVerdict: false, runIds: [], ...more },
  };
}

function encode<D extends DescMessage>(schema: D, init: MessageInitShape<D>): string {
  return Buffer.from(toBinary(schema, create(schema, init))).toString('base64');
}
