/**
 * The transaction that turns a group of events into changes: lock, look up, load, evaluate, flush, commit.
 */

import { requestIdReused } from '../../calls/once.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { type Database, Rollback, type Transaction } from '../../store/database.ts';
import { awaitSent } from '../../store/driver/statements.ts';
import { failpoint, failpointBeforeCommit } from '../../store/failpoints.ts';
import { userNotFound } from '../../store/lock-user.ts';
import type { Clock, Instant } from '../../values/instant.ts';
import { findAbsent } from './find-absent.ts';
import { handleEvent } from './handle-event.ts';
import { handleKnownEvent } from './handle-known-event.ts';
import { type GroupData, loadGroup, type OpenCommand } from './load-group.ts';
import { type EarlierEvent, type LedgerEntry, loadLedger, lockUsers } from './load-ledger.ts';
import type { ProgramLoader } from './load-program.ts';
import type { CommandAnswer, TriggerCommand } from './trigger-command.ts';

/** The result of one command. */
export type Settlement =
  | { readonly kind: 'ANSWERED'; readonly answer: CommandAnswer }
  | { readonly kind: 'REFUSED'; readonly error: DomainError }
  /** Another transaction holds the athlete; nothing was done. */
  | { readonly kind: 'BUSY' };

export interface UnitOfWork {
  /**
   * Handles commands of one account, with distinct athletes and requests, in one transaction, and settles
   * each. A refused command does not affect the others. Throws when the whole transaction failed; nothing was
   * done then. `waitMs` is the timeout of athletes' locks; with 0, locked athletes are settled as BUSY.
   */
  run(commands: readonly TriggerCommand[], waitMs: number): Promise<Settlement[]>;
}

export function createUnitOfWork(database: Database, programs: ProgramLoader, clock: Clock): UnitOfWork {
  return {
    async run(commands, waitMs) {
      const [first] = commands;
      if (!first) {
        return [];
      }
      if (commands.some(({ accountId }) => accountId !== first.accountId)) {
        throw new TypeError('the commands of a group are of one account');
      }
      await database.ensureAccount(first.accountId);
      const handleAll = async (tx: Transaction) => {
        const settlements = await handleGroup(tx, commands, waitMs, programs, clock());
        if (commands.some(({ isValidateOnly }) => isValidateOnly)) {
          await tx.em.flush();
          await awaitSent(tx.sql);
          throw new Rollback(settlements);
        }
        await failpointBeforeCommit('unit-flushed', tx);
        return settlements;
      };
      // Commands with less time than this are answered at their deadline, while the transaction continues.
      const deadlineAtMs = Math.max(...commands.map((command) => command.deadlineAtMs));
      const settlements = await database.transaction(first.accountId, handleAll, {
        deadlineAtMs,
        connectionWaitMs: Math.max(0, deadlineAtMs - performance.now()),
        ...(waitMs > 0 ? { lockWaitMs: waitMs } : {}),
      });
      failpoint('unit-committed');
      return settlements;
    },
  };
}

async function handleGroup(
  tx: Transaction,
  commands: readonly TriggerCommand[],
  waitMs: number,
  programs: ProgramLoader,
  now: Instant,
): Promise<Settlement[]> {
  const userIds = commands.map(({ userId }) => userId);
  failpoint('unit-begun');
  // 1. Lock the athletes in one global order; from here on no other transaction changes what the events
  // depend on.
  const locking = lockUsers(tx, userIds, waitMs === 0);
  // 2. Look up the request IDs and the events in the ledger, under the lock; recorded ones get their stored
  // answer.
  const [locked, ledger] = await Promise.all([locking, loadLedger(tx, commands)]);
  failpoint('unit-locked');
  const settlements = commands.map((command, index) =>
    settleEarly(command, ledger[index], locked, waitMs > 0),
  );
  const absent = await findAbsent(
    tx,
    commands.filter((command, index) => isExistenceOpen(command, settlements[index])),
  );
  for (const [index, command] of commands.entries()) {
    const error = absent.get(command);
    settlements[index] = error ? { kind: 'REFUSED', error } : (settlements[index] ?? null);
  }
  // 3. Load the data that the rules of the others depend on.
  const open = commands.flatMap((command, index) => {
    const enrollment = ledger[index]?.enrollment;
    return settlements[index] === null && enrollment ? [{ command, index, enrollment }] : [];
  });
  const group = await loadGroup(tx, open, programs);
  failpoint('unit-loaded');
  // 4. Evaluate, and put the plans into MikroORM's unit of work; the end of the transaction flushes and
  // commits it.
  for (const { index, ...item } of open) {
    const known = ledger[index]?.sameEvent;
    settlements[index] = known
      ? await settleKnown(tx, item, known, group, now)
      : settle(() => handleEvent(tx, item, group, now));
  }
  failpoint('unit-decided');
  return settlements.map((settlement) => settlement ?? { kind: 'BUSY' });
}

/** Answers from the ledger, and refusals that need no further reads; null when the command continues. */
function settleEarly(
  command: TriggerCommand,
  ledger: LedgerEntry | undefined,
  locked: ReadonlySet<string>,
  hasWaited: boolean,
): Settlement | null {
  const { requestId, fingerprint, userId, isValidateOnly } = command;
  if (ledger?.sameRequest && requestId && !isValidateOnly) {
    return ledger.sameRequest.fingerprint.equals(fingerprint)
      ? { kind: 'ANSWERED', answer: { response: ledger.sameRequest.response, isReplayed: true } }
      : { kind: 'REFUSED', error: requestIdReused(requestId) };
  }
  if (!locked.has(userId)) {
    return hasWaited ? { kind: 'REFUSED', error: userNotFound(userId) } : { kind: 'BUSY' };
  }
  if (!ledger?.enrollment) {
    const error = new DomainError('NOT_ENROLLED', `user ${userId} has no active enrollment`, {
      metadata: { userId },
    });
    return { kind: 'REFUSED', error };
  }
  return null;
}

/** Events of enrolled athletes find out what does not exist while they load; the others ask for it, before the state. */
function isExistenceOpen({ detail }: TriggerCommand, settlement: Settlement | null | undefined): boolean {
  return settlement?.kind === 'REFUSED'
    ? settlement.error.reason === 'NOT_ENROLLED'
    : !settlement && detail.type === 'MANUAL';
}

/** The event was recorded before, or the session of reported sets has ended. */
async function settleKnown(
  tx: Transaction,
  item: OpenCommand,
  known: EarlierEvent,
  group: GroupData,
  now: Instant,
): Promise<Settlement> {
  try {
    return { kind: 'ANSWERED', answer: await handleKnownEvent(tx, item, known, group, now) };
  } catch (error) {
    return refusalOf(error);
  }
}

/** A command is refused before its first write, so that it leaves nothing to flush. */
function settle(work: () => CommandAnswer): Settlement {
  try {
    return { kind: 'ANSWERED', answer: work() };
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): Settlement {
  if (error instanceof DomainError) {
    return { kind: 'REFUSED', error };
  }
  throw error;
}
