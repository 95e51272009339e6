/** PublishEvents: writes the events of other systems into the outbox and answers for each event. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallContext } from '../../calls/call-context.ts';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { isDefect, toBatchError } from '../../errors/error-table.ts';
import { backoffMs } from '../../flow/backoff.ts';
import { forEachConcurrently } from '../../flow/for-each-concurrently.ts';
import { mapInSlices } from '../../flow/slices.ts';
import {
  type PublishedEvent,
  PublishOutcome,
  type PublishResultSchema,
} from '../../gen/automation/v1/event_service_pb.ts';
import type { Database, Transaction } from '../../store/database.ts';
import { failpoint } from '../../store/failpoints.ts';
import type { Clock } from '../../values/instant.ts';
import { loadAccountTypes } from '../event-types/account-types.ts';
import { builtInEventType, CUSTOM_PREFIX, canonicalEventName } from '../event-types/event-types.ts';
import { isFurther } from '../event-types/validate-event-data.ts';
import { acceptEvents, eventIdReused, type SubmissionOutcome } from './accept-events.ts';
import { hasUsableId, readSubmission, type Submission } from './read-submission.ts';

export interface PublishingDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Receives internal errors that refused a single event. */
  readonly reportError: (error: unknown) => void;
}

type Call = Pick<CallContext, 'accountId' | 'receivedAt' | 'deadlineAtMs' | 'signal'>;

/**
 * Accepts all valid events in one transaction. Events of locked athletes follow, in one transaction per
 * athlete, and so do all events when the common transaction fails: no event fails another. Throws when the
 * database or the deadline fails the whole call; unanswered events may still have been accepted, and can be
 * sent again.
 */
export async function publishEvents(
  deps: PublishingDeps,
  call: Call,
  events: readonly PublishedEvent[],
): Promise<MessageInitShape<typeof PublishResultSchema>[]> {
  const { receivedAt } = call;
  const { limits } = deps;
  await deps.database.ensureAccount(call.accountId);
  const eventType = await createEventTypeLookup(deps, call, events);
  const reading = { receivedAt, limits, eventType };
  const submissions = await mapInSlices(events, (event) => readSubmission(event, reading));
  const firsts = createFirstSubmissionLookup(submissions);
  const outcomes = await acceptAll(deps, call, [...new Set(submissions.map((each) => firsts(each)))]);
  return submissions.map((submission) => {
    const first = firsts(submission);
    const outcome = outcomes.get(first);
    return toResult(submission, outcome && toRepeatOutcome(submission, first, outcome));
  });
}

/** Loads the account's own event types and fields only when an event may have one. */
async function createEventTypeLookup(
  { database }: PublishingDeps,
  { accountId, deadlineAtMs, signal }: Call,
  events: readonly PublishedEvent[],
) {
  if (!events.some(mayBeOfAccount)) {
    return builtInEventType;
  }
  const types = await database.transaction(accountId, loadAccountTypes, { deadlineAtMs, signal });
  return (name: string) => types.eventType(name);
}

/** Whether the event is of the account's own type, or has a field that its built-in type does not know. */
function mayBeOfAccount({ type, data = {} }: PublishedEvent): boolean {
  const builtIn = builtInEventType(canonicalEventName(type));
  return (
    type.startsWith(CUSTOM_PREFIX) ||
    (builtIn !== undefined && Object.keys(data).some((name) => isFurther(builtIn, name)))
  );
}

/** Maps each submission to the first acceptable one with the same id within the call. */
function createFirstSubmissionLookup(
  submissions: readonly Submission[],
): (submission: Submission) => Submission {
  const firsts = new Map<string, Submission>();
  for (const submission of submissions) {
    if (hasUsableId(submission) && !submission.refusal && !firsts.has(submission.id)) {
      firsts.set(submission.id, submission);
    }
  }
  return (submission) => (submission.refusal ? submission : (firsts.get(submission.id) ?? submission));
}

/** The result of an event whose id an earlier event of the call has. */
function toRepeatOutcome(
  submission: Submission,
  first: Submission,
  outcome: SubmissionOutcome,
): SubmissionOutcome {
  if (submission === first) {
    return outcome;
  }
  if (!Buffer.from(first.fingerprint).equals(submission.fingerprint)) {
    return { kind: 'REFUSED', error: eventIdReused(submission.id) };
  }
  return outcome.kind === 'ACCEPTED' ? { kind: 'DUPLICATE' } : outcome;
}

async function acceptAll(
  deps: PublishingDeps,
  call: Call,
  submissions: readonly Submission[],
): Promise<Map<Submission, SubmissionOutcome>> {
  const outcomes = await acceptTogether(deps, call, submissions);
  const open = submissions.filter((each) => (outcomes.get(each)?.kind ?? 'BUSY') === 'BUSY');
  const athletes = [...Map.groupBy(open, ({ userId }) => userId).values()];
  await forEachConcurrently(athletes, { concurrency: deps.limits.concurrentRetries }, async (athlete) => {
    for (const [submission, outcome] of await acceptAthleteEvents(deps, call, athlete)) {
      outcomes.set(submission, outcome);
    }
  });
  return outcomes;
}

/** Errors that fail the whole call, whatever its events are. */
const FAILS_THE_CALL: ReadonlySet<string> = new Set([
  'OVERLOADED',
  'DATABASE_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'CANCELLED',
  'EVALUATION_BEHIND',
]);

/**
 * Accepts in one transaction; leaves out events of locked athletes, and all events when the transaction
 * fails.
 */
async function acceptTogether(
  deps: PublishingDeps,
  call: Call,
  submissions: readonly Submission[],
): Promise<Map<Submission, SubmissionOutcome>> {
  try {
    return await acceptWithRetry(deps, call, submissions, false);
  } catch (error) {
    if (error instanceof DomainError && FAILS_THE_CALL.has(error.reason)) {
      throw error;
    }
    return new Map();
  }
}

/** Accepts one athlete's events in one transaction, or one after the other when that fails. */
async function acceptAthleteEvents(
  deps: PublishingDeps,
  call: Call,
  submissions: readonly Submission[],
): Promise<Map<Submission, SubmissionOutcome>> {
  try {
    return await acceptWithRetry(deps, call, submissions, true);
  } catch (error) {
    const [first, ...others] = submissions;
    if (first && others.length > 0 && !(error instanceof DomainError && FAILS_THE_CALL.has(error.reason))) {
      const head = await acceptAthleteEvents(deps, call, [first]);
      return new Map([...head, ...(await acceptAthleteEvents(deps, call, others))]);
    }
    if (isDefect(error)) {
      deps.reportError(error);
    }
    const refused: SubmissionOutcome = { kind: 'REFUSED', error: toRefusal(error) };
    return new Map(submissions.map((submission) => [submission, refused]));
  }
}

function toRefusal(error: unknown): DomainError {
  return error instanceof DomainError
    ? error
    : new DomainError('INTERNAL', 'internal error', { cause: error });
}

/** Runs the transaction, and retries it after a conflict with a concurrent one. */
async function acceptWithRetry(
  { database, clock, limits }: PublishingDeps,
  { accountId, deadlineAtMs, signal }: Call,
  submissions: readonly Submission[],
  waits: boolean,
): Promise<Map<Submission, SubmissionOutcome>> {
  for (let tries = 1; ; tries += 1) {
    try {
      const accept = (tx: Transaction) => acceptEvents(tx, submissions, { clock, waits, limits });
      const outcomes = await database.transaction(accountId, accept, { deadlineAtMs, signal });
      failpoint('publish-committed');
      return outcomes;
    } catch (error) {
      const isRetryable = error instanceof DomainError && error.reason === 'CONCURRENT_UPDATE';
      if (!isRetryable || tries >= limits.transactionTries) {
        throw error;
      }
      await delay(backoffMs(tries, { firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS }));
    }
  }
}

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

function toResult(
  { id }: Submission,
  outcome: SubmissionOutcome | undefined,
): MessageInitShape<typeof PublishResultSchema> {
  switch (outcome?.kind) {
    case 'ACCEPTED':
      return { id, outcome: PublishOutcome.ACCEPTED };
    case 'DUPLICATE':
      return { id, outcome: PublishOutcome.DUPLICATE };
    case 'REFUSED': {
      const { reason, message, fieldViolations, retryable } = toBatchError(outcome.error);
      return { id, outcome: PublishOutcome.REFUSED, error: { reason, message, fieldViolations, retryable } };
    }
    default:
      throw new TypeError('an event of the call has no result');
  }
}
