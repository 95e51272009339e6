/** Carries out commands in transactions of their own: retries each with backoff within its deadline. */
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { backoffMs } from '../../flow/backoff.ts';
import { createSemaphore } from '../../flow/semaphore.ts';
import { violatedUniqueConstraint } from '../../store/database-error.ts';
import type { CommandAnswer, TriggerCommand } from './trigger-command.ts';
import type { Settlement, UnitOfWork } from './unit-of-work.ts';

const BACKOFF = { firstMs: 20, longestMs: 500 };

export interface SingleRuns {
  /** Commands that wait for a slot. */
  readonly waiting: number;
  /** Commands that have one. */
  readonly running: number;
  /** Since when the first command is ready that waits for a slot; undefined: none waits. */
  readonly waitingSinceMs: number | undefined;
  /**
   * Resolves when the command is settled. Accounts take turns. `readyAtMs` is since when the command could have been
   * carried out. Throws the command's refusal, DEADLINE_EXCEEDED or CANCELLED when its caller waits no longer, and
   * the last error when the tries are used up.
   */
  run(command: TriggerCommand, readyAtMs: number): Promise<CommandAnswer>;
}

/** `onRetry` is called before each further try. */
export function createSingleRuns(
  unitOfWork: UnitOfWork,
  { concurrentRetries, transactionTries }: Pick<Limits, 'concurrentRetries' | 'transactionTries'>,
  onRetry: () => void,
): SingleRuns {
  const slots = createSemaphore({ slots: concurrentRetries });
  /** In the order in which they came. */
  const waiting = new Map<TriggerCommand, number>();
  let running = 0;

  async function acquireSlot(command: TriggerCommand, readyAtMs: number) {
    waiting.set(command, readyAtMs);
    try {
      return await slots.acquire(command.accountId, { signal: command.signal });
    } catch {
      throw callerGone(command);
    } finally {
      waiting.delete(command);
    }
  }

  async function settle(command: TriggerCommand): Promise<Settlement | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const waitMs = command.deadlineAtMs - performance.now();
      if (waitMs <= 0 || command.signal.aborted) {
        throw callerGone(command);
      }
      try {
        const [settlement] = await unitOfWork.run([command], waitMs);
        return settlement;
      } catch (error) {
        if (attempt >= transactionTries || !isWorthAnotherTry(error)) {
          throw error;
        }
        onRetry();
        const delayMs = backoffMs(attempt, BACKOFF);
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  return {
    get waiting() {
      return waiting.size;
    },
    get running() {
      return running;
    },
    get waitingSinceMs() {
      return waiting.values().next().value;
    },
    async run(command, readyAtMs) {
      const release = await acquireSlot(command, readyAtMs);
      running += 1;
      try {
        return answerOf(await settle(command));
      } finally {
        running -= 1;
        release();
      }
    },
  };
}

/** Why a command is dropped whose caller waits no longer. */
export function callerGone({ deadlineAtMs }: TriggerCommand): DomainError {
  return performance.now() >= deadlineAtMs
    ? new DomainError('DEADLINE_EXCEEDED', 'the deadline passed')
    : new DomainError('CANCELLED', 'the caller went away');
}

function answerOf(settlement: Settlement | undefined): CommandAnswer {
  switch (settlement?.kind) {
    case 'ANSWERED':
      return settlement.answer;
    case 'REFUSED':
      throw settlement.error;
    default:
      throw new TypeError('a command that waited for its athlete was not settled');
  }
}

/** Transactions that PostgreSQL broke off, and request IDs that a concurrent call took first. */
function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof DomainError) {
    return error.reason === 'CONCURRENT_UPDATE' || error.reason === 'DATABASE_UNAVAILABLE';
  }
  return violatedUniqueConstraint(error) === 'requests_pkey';
}
