/** Lets concurrent calls share transactions: commands that wait while transactions run form the next groups. */
import type { Limits } from '../../config/config.ts';
import { type AdmissionLimits, createAdmission, type QueueLimit } from './admission.ts';
import { createAthleteOrder, type WaitingCommand, waitingCommandOf } from './athlete-order.ts';
import { type GroupingLimits, nextGroup } from './grouping.ts';
import { createReadyCommands } from './ready-commands.ts';
import { callerGone, createSingleRuns } from './single-runs.ts';
import { type CommandAnswer, noteFailure, type TriggerCommand } from './trigger-command.ts';
import { observeRuns, type TriggerQueueObserver } from './trigger-queue-observer.ts';
import type { UnitOfWork } from './unit-of-work.ts';

export interface TriggerQueue {
  /**
   * Handles a command once a transaction is free: at once when idle, in a larger group under load. Commands of one
   * athlete run one after the other, in the order submitted; accounts take turns. Throws the command's refusal;
   * OVERLOADED when too many wait, or the wait would be too long; CONCURRENT_UPDATE or DATABASE_UNAVAILABLE when all
   * tries within the deadline failed; and the refusal of an earlier command of its sequence.
   */
  submit(command: TriggerCommand): Promise<CommandAnswer>;
}

export interface LimitedQueue extends TriggerQueue {
  /** The limit for which a command would be refused now whose caller waits for so long; undefined: it would be taken. */
  exceededLimit(timeoutMs: number): QueueLimit | undefined;
}

type QueueLimits = AdmissionLimits & GroupingLimits & Pick<Limits, 'concurrentRetries' | 'transactionTries'>;

export function createTriggerQueue(
  unitOfWork: UnitOfWork,
  limits: QueueLimits,
  observer?: TriggerQueueObserver,
): LimitedQueue {
  const transactions = observer ? observeRuns(unitOfWork, observer) : unitOfWork;
  const admission = createAdmission(limits);
  const ready = createReadyCommands<WaitingCommand>();
  const order = createAthleteOrder(ready);
  const singles = createSingleRuns(transactions, limits, () => observer?.retried());
  let isPumpScheduled = false;
  let isLaterPumpScheduled = false;
  observer?.opened(limits.queuedEvents, () => ({
    waiting: order.waiting,
    waitingAlone: singles.waiting,
    running: ready.groups + singles.running,
  }));

  function exceededLimit(timeoutMs: number, isValidateOnly: boolean): QueueLimit | undefined {
    const load = {
      waiting: order.waiting + singles.waiting,
      ready: ready.ready,
      hasReadySince: (beforeMs: number) =>
        ready.hasReadySince(beforeMs, ({ command }) => !command.signal.aborted),
      aloneSinceMs: singles.waitingSinceMs,
    };
    return admission.exceededLimit(load, { timeoutMs, isValidateOnly }, performance.now());
  }

  /** Once per turn of the event loop, so that calls that came in together go together. */
  function schedulePump(): void {
    if (!isPumpScheduled) {
      isPumpScheduled = true;
      setImmediate(() => {
        isPumpScheduled = false;
        pump();
      });
    }
  }

  function pump(): void {
    const nowMs = performance.now();
    for (const waiting of order.removeOver(nowMs)) {
      refuse(waiting, waiting.command.sequence?.refusal ?? callerGone(waiting.command));
    }
    let group = nextGroup(ready, limits, nowMs);
    for (; group.length > 0; group = nextGroup(ready, limits, nowMs)) {
      order.begin(group);
      admission.groupBegan(group.length, ready.ready > 0, nowMs);
      void runGroup(group);
    }
    if (ready.ready > 0 && ready.groups < limits.concurrentGroups && !isLaterPumpScheduled) {
      isLaterPumpScheduled = true;
      setTimeout(() => {
        isLaterPumpScheduled = false;
        pump();
      }, limits.furtherGroupMs);
    }
  }

  async function runGroup(group: readonly WaitingCommand[]): Promise<void> {
    const shared = group.filter(({ command }) => !command.isValidateOnly);
    const commands = shared.map(({ command }) => command);
    // When the transaction fails, each command is tried alone, so that none fails another.
    const settlements = commands.length > 0 ? await transactions.run(commands, 0).catch(() => []) : [];
    ready.end(group);
    for (const waiting of group) {
      const settlement = settlements[shared.indexOf(waiting)];
      if (!settlement || settlement.kind === 'BUSY') {
        void runAlone(waiting);
        continue;
      }
      if (settlement.kind === 'ANSWERED') {
        waiting.resolve(settlement.answer);
      } else {
        refuse(waiting, settlement.error);
      }
      order.settle(waiting, performance.now());
    }
    schedulePump();
  }

  async function runAlone(waiting: WaitingCommand): Promise<void> {
    try {
      waiting.resolve(await singles.run(waiting.command, waiting.readyAtMs));
    } catch (error) {
      refuse(waiting, error);
    }
    order.settle(waiting, performance.now());
    schedulePump();
  }

  return {
    submit(command) {
      const { deadlineAtMs, sequence, isValidateOnly } = command;
      const nowMs = performance.now();
      const limit = exceededLimit(deadlineAtMs - nowMs, isValidateOnly);
      const refusal = sequence?.refusal ?? (limit && admission.refusalFor(limit));
      if (refusal) {
        noteFailure(sequence, refusal);
        return Promise.reject(refusal);
      }
      observer?.submitted(command);
      return new Promise((resolve, reject) => {
        order.add(waitingCommandOf(command, nowMs, { resolve, reject }));
        schedulePump();
      });
    },
    exceededLimit: (timeoutMs) => exceededLimit(timeoutMs, false),
  };
}

function refuse({ command, reject }: WaitingCommand, error: unknown): void {
  noteFailure(command.sequence, error);
  reject(error);
}
