/**
 * Events that were recorded before, under another request ID, and sets whose session has ended: nothing applies twice, and
 * what is new is applied.
 */
import { sql } from 'kysely';
import { drawAcceptanceNumber } from '../../store/acceptance-number.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { evaluate } from '../evaluation/evaluate.ts';
import { type SessionCompleted, sessionTriggerKey } from '../evaluation/trigger-event.ts';
import { handledEvent, handleEvent, writeEvent } from './handle-event.ts';
import { decideLateSets } from './late-sets.ts';
import type { GroupData, OpenCommand } from './load-group.ts';
import type { EarlierEvent } from './load-ledger.ts';
import { prepareEvent } from './prepare-event.ts';
import type { CommandAnswer, TriggerCommand } from './trigger-command.ts';
import { writeChanges, writeLedger } from './write-plan.ts';

/** Throws the refusals of prepareEvent, before the first write. */
export async function handleKnownEvent(
  tx: Transaction,
  item: OpenCommand,
  known: EarlierEvent,
  group: GroupData,
  now: Instant,
): Promise<CommandAnswer> {
  const { command } = item;
  const { detail } = command;
  if (detail.type === 'SETS_REPORTED') {
    return handleLateSets(tx, item, group, now);
  }
  const before = await latestAnswer(tx, command, known);
  const performed = known.detail?.liftsPerformed;
  if (detail.type === 'SESSION_COMPLETED' && performed) {
    const liftsPerformed = detail.liftsPerformed.filter((liftId) => !performed.includes(liftId));
    if (liftsPerformed.length > 0) {
      return completeAgain(tx, item, before, { ...detail, liftsPerformed }, group, now);
    }
  }
  const response = command.codec.encodeDuplicate(before);
  writeLedger(tx, command, null, response, now);
  return { response, isReplayed: false };
}

async function handleLateSets(
  tx: Transaction,
  item: OpenCommand,
  group: GroupData,
  now: Instant,
): Promise<CommandAnswer> {
  const { actor, origin } = item.command;
  const prepared = prepareEvent(item, group);
  if (prepared.sets.every(({ isAlreadyLogged }) => isAlreadyLogged)) {
    return handleEvent(tx, item, group, now);
  }
  const late = await decideLateSets({ tx }, item, prepared);
  const compensations = await late.undo({ tx, now, actor, origin });
  const answer = writeEvent(
    tx,
    item,
    prepared,
    { ...handledEvent(item, prepared, late.plan), compensations },
    now,
  );
  await tx.em.flush();
  await late.place({ tx });
  return answer;
}

/** `detail` has the lifts that the session did not have before; only those are applied. */
async function completeAgain(
  tx: Transaction,
  item: OpenCommand,
  before: Uint8Array,
  detail: SessionCompleted,
  group: GroupData,
  now: Instant,
): Promise<CommandAnswer> {
  const { command } = item;
  const { encodeAgain } = command.codec;
  if (!encodeAgain) {
    throw new TypeError(`${command.method} completes no session`);
  }
  const { event, snapshot, ...prepared } = prepareEvent({ ...item, command: { ...command, detail } }, group);
  const assignments = snapshot.program.assignments.filter(({ liftId }) =>
    detail.liftsPerformed.includes(liftId),
  );
  const ofLifts = { ...snapshot, program: { ...snapshot.program, assignments } };
  const plan = evaluate(event, ofLifts);
  const handled = { ...handledEvent(item, { event, snapshot: ofLifts, ...prepared }, plan), isAgain: true };
  const response = encodeAgain(before, handled);
  writeChanges(tx, handled, snapshot, command.origin, now);
  writeLedger(tx, command, null, response, now);
  await addLifts(tx, command, detail);
  return { response, isReplayed: false };
}

/** The answer that has everything which the event applied: of a session, that of the call that completed it last. */
async function latestAnswer(
  { accountId, sql: statements }: Transaction,
  { method }: TriggerCommand,
  { detail, response }: EarlierEvent,
): Promise<Uint8Array> {
  const latest = detail?.again?.at(-1);
  if (!latest) {
    return response;
  }
  const { rows } = await sql<{ response: Buffer }>`
    select response from requests
    where account_id = ${accountId} and method = ${method} and request_id = ${latest.requestId}`.execute(
    statements,
  );
  return rows[0]?.response ?? response;
}

/** The session has these lifts from now on; their end has a place of its own in the order of acceptance. */
async function addLifts(
  tx: Transaction,
  { userId, requestId, occurredAt }: TriggerCommand,
  { sessionId, liftsPerformed }: SessionCompleted,
): Promise<void> {
  const number = await drawAcceptanceNumber(tx);
  const lifts = JSON.stringify(liftsPerformed);
  await sql`
    update requests set detail = jsonb_set(
      jsonb_set(detail, '{liftsPerformed}', (detail -> 'liftsPerformed') || ${lifts}::jsonb),
      '{again}', coalesce(detail -> 'again', '[]') || jsonb_build_object('requestId', ${requestId}::uuid,
        'liftsPerformed', ${lifts}::jsonb, 'sequence', ${number}::bigint,
        'occurredAt', ${instantToText(occurredAt)}::text))
    where account_id = ${tx.accountId} and user_id = ${userId} and trigger_type = 'AFTER_SESSION'
      and trigger_key = ${sessionTriggerKey(sessionId)}`.execute(tx.sql);
}
