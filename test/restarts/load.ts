/** A steady load of sessions, sets and reads, with a record of acknowledged and failed calls. */
import { setTimeout as delay } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { v7 as uuidv7 } from 'uuid';
import { MaxType, SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import {
  GetLiftMaxRequestSchema,
  HandleSessionCompleteRequestSchema,
  ListProgressionLogsRequestSchema,
  LogSetsRequestSchema,
  ProgressionService,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import type { Athlete } from '../support/fixtures.ts';
import type { Caller } from './callers.ts';

/** Fewer than a server's database connections, because this test is about restarts, not about overload. */
const MOST_IN_FLIGHT = 8;
/** How long a request ID is tried again after its client has given up. */
const INSIST_MS = 30_000;
const INSIST_PAUSE_MS = 200;

export interface Failure {
  readonly caller: string;
  readonly method: string;
  readonly code: unknown;
  readonly message: string;
}

export interface Load {
  readonly calls: number;
  /** What clients saw after their own retries. */
  readonly failures: readonly Failure[];
  /** Answers of an earlier attempt whose answer had been lost. */
  readonly replays: number;
  /** The longest wait for an answer. */
  readonly slowestMs: number;
  /** Acknowledged writes by athlete. */
  readonly sessions: ReadonlyMap<string, number>;
  readonly sets: ReadonlyMap<string, number>;
  /** Stops calling; resolves when all is answered. */
  stop(): Promise<void>;
}

/**
 * Calls until stopped, less often while answers are late: callers and athletes take turns, two of five calls
 * complete a session, one logs a set.
 * A call that fails is a failure, and is made again under its request ID until it is acknowledged.
 */
export function startLoad(
  callers: readonly Caller[],
  athletes: readonly Athlete[],
  callsPerSecond: number,
  onFailure?: (failure: Failure) => void,
): Load {
  const running = new Set<Promise<void>>();
  const failures: Failure[] = [];
  const sessions = new Map<string, number>();
  const sets = new Map<string, number>();
  const stopping = new AbortController();
  const state = { calls: 0, replays: 0, slowestMs: 0 };

  async function makeCall(number: number): Promise<void> {
    const caller = callers[number % callers.length] as Caller;
    const athlete = athletes[number % athletes.length] as Athlete;
    const { method, make, acknowledged } = orderOf(athlete, Math.trunc(number / callers.length));
    const giveUpAtMs = performance.now() + INSIST_MS;
    for (;;) {
      const startedAtMs = performance.now();
      try {
        const isReplayed = await make(caller);
        state.replays += Number(isReplayed);
        if (acknowledged) {
          const books = acknowledged === 'session' ? sessions : sets;
          books.set(athlete.userId, (books.get(athlete.userId) ?? 0) + 1);
        }
        return;
      } catch (error) {
        const { code, message } = error as { code?: unknown; message?: string };
        const failure = { caller: caller.name, method, code, message: `${message}` };
        failures.push(failure);
        onFailure?.(failure);
        if (performance.now() > giveUpAtMs) {
          return;
        }
        await delay(INSIST_PAUSE_MS);
      } finally {
        state.slowestMs = Math.max(state.slowestMs, performance.now() - startedAtMs);
      }
    }
  }

  async function keepCalling(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (running.size < MOST_IN_FLIGHT) {
        const call = makeCall(state.calls);
        state.calls += 1;
        running.add(call);
        call.then(() => running.delete(call));
      }
      await delay(1000 / callsPerSecond);
    }
  }

  const calling = keepCalling();
  return {
    get calls() {
      return state.calls;
    },
    get replays() {
      return state.replays;
    },
    get slowestMs() {
      return state.slowestMs;
    },
    failures,
    sessions,
    sets,
    async stop() {
      stopping.abort();
      await calling;
      await Promise.all(running);
    },
  };
}

/** The number of acknowledged writes. */
export function countAcknowledged({ sessions, sets }: Pick<Load, 'sessions' | 'sets'>): number {
  return [...sessions.values(), ...sets.values()].reduce((total, count) => total + count, 0);
}

interface Order {
  readonly method: string;
  /** Whether the answer was a replayed one. May be made again: it is the same request. */
  readonly make: (caller: Caller) => Promise<boolean>;
  readonly acknowledged?: 'session' | 'set';
}

function orderOf({ accountId, userId, liftIds }: Athlete, turn: number): Order {
  const liftId = `${liftIds.squat}`;
  const headers = { 'x-account-id': accountId };
  const writing = { ...headers, 'idempotency-key': uuidv7() };
  const { method } = ProgressionService;
  switch (turn % 5) {
    case 0:
    case 2: {
      const session = { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed: [liftId] };
      const request = create(HandleSessionCompleteRequestSchema, { userId, session });
      return {
        method: 'HandleSessionComplete',
        make: async (caller) =>
          (await caller.call(method.handleSessionComplete, request, writing)).isReplayed,
        acknowledged: 'session',
      };
    }
    case 1: {
      const set = {
        liftId,
        setNumber: 1,
        kind: SetKind.WORK,
        weight: '100',
        targetReps: 5,
        repsPerformed: 5,
      };
      const request = create(LogSetsRequestSchema, { userId, sessionId: uuidv7(), sets: [set] });
      return {
        method: 'LogSets',
        make: async (caller) => (await caller.call(method.logSets, request, writing)).isReplayed,
        acknowledged: 'set',
      };
    }
    case 3: {
      const request = create(GetLiftMaxRequestSchema, { userId, liftId, maxType: MaxType.TRAINING_MAX });
      return {
        method: 'GetLiftMax',
        make: async (caller) => (await caller.call(method.getLiftMax, request, headers)).isReplayed,
      };
    }
    default: {
      const request = create(ListProgressionLogsRequestSchema, { userId, pageSize: 5 });
      return {
        method: 'ListProgressionLogs',
        make: async (caller) => (await caller.call(method.listProgressionLogs, request, headers)).isReplayed,
      };
    }
  }
}
