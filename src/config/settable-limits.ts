/** The limits that the environment may set, each by its name in capitals: `connectionAgeMs` by CONNECTION_AGE_MS. */
import { ConfigError } from '../errors/start-error.ts';
import { DEFAULT_LIMITS, type Limits } from './default-limits.ts';
import { integer } from './environment.ts';

type Range = readonly [least: number, most: number];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The lowest and the highest value of each. docs/limits.md lists them. */
const RANGES = {
  messageBytes: [1_024, 64 * 1024 * 1024],
  defaultDeadlineMs: [1, 10 * MINUTE_MS],
  maximumDeadlineMs: [1, 10 * MINUTE_MS],
  accountCallsPerSecond: [0, 1_000_000],
  peerCallsPerSecond: [0, 1_000_000],
  concurrentCalls: [1, 100_000],
  overloadedCalls: [1, 100_000],
  queueWaitMs: [1, MINUTE_MS],
  queuedEvents: [1, 1_000_000],
  transactionWaitMs: [1, MINUTE_MS],
  waitingTransactions: [0, 100_000],
  databaseConnections: [2, 1_000],
  connectionWaitMs: [100, MINUTE_MS],
  standbyLagMs: [1_000, HOUR_MS],
  connections: [1, 1_000_000],
  connectionsPerPeer: [1, 1_000_000],
  streamsPerConnection: [1, 10_000],
  idleConnectionMs: [1_000, HOUR_MS],
  connectionAgeMs: [0, 24 * HOUR_MS],
  connectionAgeGraceMs: [1, HOUR_MS],
  pingIntervalMs: [0, HOUR_MS],
  pingTimeoutMs: [1, HOUR_MS],
  preflightCacheMs: [0, 24 * HOUR_MS],
  watchers: [1, 100_000],
  watchersPerAccount: [1, 100_000],
  watchMs: [1_000, 24 * HOUR_MS],
  readinessIntervalMs: [10, MINUTE_MS],
  readinessFailures: [1, 100],
  readinessSuccesses: [1, 100],
  drainPauseMs: [0, 10 * MINUTE_MS],
  drainMs: [0, 10 * MINUTE_MS],
  telemetryIntervalMs: [100, HOUR_MS],
} as const satisfies Partial<Record<keyof Limits, Range>>;

type SettableLimit = keyof typeof RANGES;

/** The first of each pair is a part of the second one. */
const ORDERED: readonly (readonly [SettableLimit, SettableLimit])[] = [
  ['defaultDeadlineMs', 'maximumDeadlineMs'],
  ['overloadedCalls', 'concurrentCalls'],
  ['connectionsPerPeer', 'connections'],
  ['watchersPerAccount', 'watchers'],
  ['drainPauseMs', 'drainMs'],
];

export interface SettableVariable {
  readonly limit: SettableLimit;
  readonly variable: string;
  readonly least: number;
  readonly most: number;
}

export const SETTABLE_LIMITS: readonly SettableVariable[] = Object.entries(RANGES).map(
  ([limit, [least, most]]) => ({
    limit: limit as SettableLimit,
    variable: variableOf(limit),
    least,
    most,
  }),
);

function variableOf(limit: string): string {
  return limit.replaceAll(/[A-Z]/g, '_$&').toUpperCase();
}

/** Throws ConfigError for a value out of its range, or larger than the one that it is a part of. */
export function readLimits(environment: NodeJS.ProcessEnv): Limits {
  const set = SETTABLE_LIMITS.map(({ limit, variable, least, most }) => [
    limit,
    integer(environment, variable, DEFAULT_LIMITS[limit], least, most),
  ]);
  const limits: Limits = { ...DEFAULT_LIMITS, ...Object.fromEntries(set) };
  for (const [part, whole] of ORDERED) {
    if (limits[part] > limits[whole]) {
      throw new ConfigError(
        `${variableOf(part)} must not be more than ${variableOf(whole)}: ` +
          `it is ${limits[part]}, and the other ${limits[whole]}`,
      );
    }
  }
  return Object.freeze(limits);
}
