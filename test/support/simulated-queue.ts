/** Commands, transactions with a duration, and callers, for tests of the trigger queue in simulated time. */
import { v4 as uuidv4 } from 'uuid';
import { vi } from 'vitest';
import type { TriggerCommand } from '../../src/progression/engine/trigger-command.ts';
import type { TriggerQueue } from '../../src/progression/engine/trigger-queue.ts';
import type { UnitOfWork } from '../../src/progression/engine/unit-of-work.ts';

export function simulateTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
}

export const DEADLINE_MS = 5_000;
/** The duration of a transaction, and of each event in it. */
export const TRANSACTION_MS = 20;
export const EVENT_MS = 2;

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Answers after as long as a group of that size takes, times `slowness`. */
export function createSlowWork(slowness = 1) {
  const groups: (readonly TriggerCommand[])[] = [];
  return {
    /** The commands that it has executed. */
    groups,
    get events() {
      return groups.flat().length;
    },
    async run(commands: readonly TriggerCommand[]) {
      groups.push(commands);
      await pause((TRANSACTION_MS + EVENT_MS * commands.length) * slowness);
      const answer = { response: new Uint8Array(), isReplayed: false };
      return commands.map(() => ({ kind: 'ANSWERED' as const, answer }));
    },
  } satisfies UnitOfWork & { groups: unknown; events: number };
}

/** An event of an athlete of its own, under a request ID of its own. */
export function commandOf(changes: Partial<TriggerCommand> = {}): TriggerCommand {
  return {
    accountId: 'account',
    method: 'HandleSessionComplete',
    requestId: uuidv4(),
    fingerprint: new Uint8Array(),
    userId: uuidv4(),
    actor: 'test',
    occurredAt: 0n as TriggerCommand['occurredAt'],
    receivedAt: 0n as TriggerCommand['receivedAt'],
    detail: { type: 'SETS_REPORTED', sessionId: uuidv4(), sets: [] },
    isValidateOnly: false,
    deadlineAtMs: performance.now() + DEADLINE_MS,
    signal: new AbortController().signal,
    codec: { encode: () => new Uint8Array(), encodeDuplicate: () => new Uint8Array() },
    origin: { actor: 'SYSTEM', cause: null },
    ...changes,
  };
}

/** Callers of an account that each wait for an answer before the next call; returns the duration of each call. */
export function keepInFlight(queue: TriggerQueue, accountId: string, callers: number, forMs: number) {
  const latenciesMs: number[] = [];
  const endMs = performance.now() + forMs;
  const call = async () => {
    while (performance.now() < endMs) {
      const beganAtMs = performance.now();
      await queue.submit(commandOf({ accountId }));
      latenciesMs.push(performance.now() - beganAtMs);
    }
  };
  const ended = Promise.all(Array.from({ length: callers }, call)).then(() => latenciesMs);
  return { latenciesMs, ended };
}
