/** The environment, read once into one frozen object; every limit has its name here. */

/** What the service was configured to be. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** A PostgreSQL connection string; absent: the embedded PostgreSQL in dataDir. */
  readonly databaseUrl: string | undefined;
  /** Where the embedded PostgreSQL keeps its data. */
  readonly dataDir: string;
  readonly logLevel: string;
  readonly limits: Limits;
}

export interface Limits {
  /** Connections to PostgreSQL that one process holds. */
  readonly databaseConnections: number;
  /** How long a call waits for a free connection before it is told to come back. */
  readonly connectionWaitMs: number;
  /** Events that share a transaction, at most. */
  readonly groupedEvents: number;
  /** Transactions that apply events at the same time. */
  readonly concurrentGroups: number;
  /** Transactions that retry single events at the same time. */
  readonly concurrentRetries: number;
  /** Events that wait for a transaction; one more is refused with OVERLOADED. */
  readonly queuedEvents: number;
  /** Programs whose rules a process keeps in memory. */
  readonly keptPrograms: number;
  /** How far ahead a simulation goes. */
  readonly simulatedWeeks: number;
  /** Tries of a transaction that PostgreSQL broke off (serialization, deadlock, lost connection). */
  readonly transactionTries: number;
  /** The deadline of a call that brings none, and the longest one that is honoured. */
  readonly defaultDeadlineMs: number;
  readonly maximumDeadlineMs: number;
  /** A request message, as received and after decompression. */
  readonly messageBytes: number;
  readonly headerBytes: number;
  readonly streamsPerConnection: number;
  /** Streams that one connection may reset at once, and per second after that, before it is cut off. */
  readonly streamResetBurst: number;
  readonly streamResetsPerSecond: number;
  /** How long a new connection may take to say which HTTP it speaks, and then to send a request's headers. */
  readonly firstBytesMs: number;
  readonly requestHeadersMs: number;
  /** How long an HTTP/1.1 connection is kept without a request. */
  readonly idleConnectionMs: number;
  /** How often the server asks itself whether it is ready, and how long it waits for that answer. */
  readonly readinessIntervalMs: number;
  /** How far ahead of the server's clock an event may say it occurred. */
  readonly futureToleranceMs: number;
  /** Rows of a list when the caller names no size, and at most. */
  readonly defaultPageSize: number;
  readonly maximumPageSize: number;
  /** From the first SIGTERM to the end, whatever is still running. */
  readonly drainMs: number;
}

/** The account of callers that name none, until there are credentials. */
export const DEMO_ACCOUNT_ID = '01900000-0000-7000-8000-000000000001';

const LIMITS: Limits = Object.freeze({
  databaseConnections: 10,
  connectionWaitMs: 2_000,
  groupedEvents: 64,
  concurrentGroups: 2,
  concurrentRetries: 4,
  queuedEvents: 10_000,
  keptPrograms: 10_000,
  simulatedWeeks: 260,
  transactionTries: 6,
  defaultDeadlineMs: 5_000,
  maximumDeadlineMs: 30_000,
  messageBytes: 1024 * 1024,
  headerBytes: 8 * 1024,
  streamsPerConnection: 100,
  streamResetBurst: 100,
  streamResetsPerSecond: 10,
  firstBytesMs: 10_000,
  requestHeadersMs: 10_000,
  idleConnectionMs: 65_000,
  readinessIntervalMs: 1_000,
  futureToleranceMs: 5 * 60_000,
  defaultPageSize: 50,
  maximumPageSize: 500,
  drainMs: 25_000,
});

/** Reads the environment. Throws a ConfigError naming the variable and what is allowed. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  return Object.freeze({
    host: environment.HOST || '127.0.0.1',
    port: integer(environment, 'PORT', 8080, 0, 65_535),
    databaseUrl: environment.DATABASE_URL || undefined,
    dataDir: environment.DATA_DIR || '.data',
    logLevel: oneOf(environment, 'LOG_LEVEL', 'info', ['fatal', 'error', 'warn', 'info', 'debug', 'silent']),
    limits: Object.freeze({
      ...LIMITS,
      databaseConnections: integer(environment, 'DATABASE_CONNECTIONS', LIMITS.databaseConnections, 2, 1000),
    }),
  });
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

function integer(
  environment: NodeJS.ProcessEnv,
  name: string,
  fallback: number,
  least: number,
  most: number,
) {
  const text = environment[name];
  if (!text) {
    return fallback;
  }
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new ConfigError(`${name} must be a whole number from ${least} to ${most}, not "${text}"`);
  }
  return value;
}

function oneOf(environment: NodeJS.ProcessEnv, name: string, fallback: string, allowed: readonly string[]) {
  const value = environment[name] || fallback;
  if (!allowed.includes(value)) {
    throw new ConfigError(`${name} must be one of ${allowed.join(', ')}, not "${value}"`);
  }
  return value;
}
