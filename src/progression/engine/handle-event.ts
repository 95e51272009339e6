/** Evaluates an event that is new, and puts what it does into MikroORM's unit of work. */
import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';
import { evaluate } from '../evaluation/evaluate.ts';
import type { Plan } from '../evaluation/plan.ts';
import type { GroupData, OpenCommand } from './load-group.ts';
import { countersAfter, type PreparedEvent, prepareEvent } from './prepare-event.ts';
import type { CommandAnswer, HandledEvent } from './trigger-command.ts';
import { newLogIds, writeChanges, writeLedger } from './write-plan.ts';

/** Throws the refusals of prepareEvent, before the first write. */
export function handleEvent(
  tx: Transaction,
  item: OpenCommand,
  group: GroupData,
  now: Instant,
): CommandAnswer {
  const prepared = prepareEvent(item, group);
  const plan = evaluate(prepared.event, prepared.snapshot);
  return writeEvent(tx, item, prepared, handledEvent(item, prepared, plan), now);
}

export function handledEvent({ enrollment }: OpenCommand, prepared: PreparedEvent, plan: Plan): HandledEvent {
  return {
    ...prepared,
    programId: enrollment.programId,
    plan,
    logIds: newLogIds(plan.results),
    counters: countersAfter(prepared, plan),
    compensations: [],
    isAgain: false,
  };
}

export function writeEvent(
  tx: Transaction,
  { command, enrollment: { enrollmentId } }: OpenCommand,
  { event, snapshot }: PreparedEvent,
  handled: HandledEvent,
  now: Instant,
): CommandAnswer {
  const response = command.codec.encode(handled);
  writeChanges(tx, handled, snapshot, command.origin, now);
  writeLedger(tx, command, { event, enrollmentId }, response, now);
  return { response, isReplayed: false };
}
