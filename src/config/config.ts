/** The environment, read once into one frozen object; every limit has its name here. */

import { ConfigError } from '../errors/start-error.ts';
import { type AuthConfig, readAuthConfig } from './auth-config.ts';
import { readTlsConfig, type TlsConfig } from './tls-config.ts';

export { ConfigError } from '../errors/start-error.ts';
export type { AuthConfig, TokenConfig } from './auth-config.ts';

/** What the service was configured to be. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** A PostgreSQL connection string; absent: the embedded PostgreSQL in dataDir. */
  readonly databaseUrl: string | undefined;
  /** The same database as the owner of its schema, for migrations; absent: databaseUrl is the owner's. */
  readonly migrationDatabaseUrl: string | undefined;
  /** Whether statements are prepared; a proxy that hands each transaction another connection may not know them. */
  readonly preparedStatements: boolean;
  /** A Redis whose streams carry events to workers and to others; absent: PostgreSQL does by itself. */
  readonly redisUrl: string | undefined;
  /** Whether the process does what is due: evaluates events, takes workflows further; it serves in any case. */
  readonly automationWorkers: boolean;
  /** Where the embedded PostgreSQL keeps its data. */
  readonly dataDir: string;
  readonly logLevel: string;
  /** undefined: clear text. */
  readonly tls: TlsConfig | undefined;
  readonly auth: AuthConfig;
  readonly telemetry: TelemetryConfig;
  readonly webhooks: WebhookConfig;
  readonly limits: Limits;
}

/** Where workflows may send webhooks beyond https to public addresses. */
export interface WebhookConfig {
  readonly allowHttp: boolean;
  readonly allowPrivate: boolean;
}

/** Where measurements go; nothing is measured for nobody. */
export interface TelemetryConfig {
  /** Where Prometheus may fetch metrics. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  /** Where traces and metrics are sent, by OTLP over HTTP. */
  readonly otlpEndpoint: string | undefined;
  /** The share of calls to trace of those whose callers leave it to us; others are traced when their callers are. */
  readonly traceRatio: number;
}

export interface Limits {
  /** Connections to PostgreSQL that one process holds. */
  readonly databaseConnections: number;
  /** How long PostgreSQL may take to open a connection. */
  readonly connectionWaitMs: number;
  /** How long a read or a change waits for a free connection, and how many may wait; then it is OVERLOADED. */
  readonly transactionWaitMs: number;
  readonly waitingTransactions: number;
  /** Events that share a transaction, at most. */
  readonly groupedEvents: number;
  /** Events of one batch that wait or run at the same time. */
  readonly batchedEvents: number;
  /** Transactions that apply events at the same time. */
  readonly concurrentGroups: number;
  /**
   * Of an account with such a transaction, events that begin another one: a share of all, at least so many;
   * or one that has waited so long.
   */
  readonly furtherGroupEvents: number;
  readonly furtherGroupMs: number;
  /** Transactions that retry single events at the same time. */
  readonly concurrentRetries: number;
  /** Events that wait for a transaction; one more is refused with OVERLOADED. */
  readonly queuedEvents: number;
  /** How long one of them may have to wait; newcomers that would wait longer are refused with OVERLOADED. */
  readonly queueWaitMs: number;
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
  /** Calls under way at the same time; one more is refused with OVERLOADED, before anything of it is read. */
  readonly concurrentCalls: number;
  /** The same while most calls are refused for it: enough to fill the transactions, and less to wait for. */
  readonly overloadedCalls: number;
  /** Connections to the port, of all callers together and of one address; the next one is closed at once. */
  readonly connections: number;
  readonly connectionsPerPeer: number;
  /** Calls per second; twice as many at once. 0: any number. */
  readonly accountCallsPerSecond: number;
  readonly peerCallsPerSecond: number;
  /** Accounts, and addresses, whose calls are counted; beyond that, those that have been quiet longest are forgotten. */
  readonly countedCallers: number;
  /** How often the files of the certificate are looked at. */
  readonly tlsReloadMs: number;
  /** How long a new connection may take to say which HTTP it speaks, and then to send a request's headers. */
  readonly firstBytesMs: number;
  readonly requestHeadersMs: number;
  /** How long an HTTP/1.1 connection is kept without a request. */
  readonly idleConnectionMs: number;
  /** How often the server asks itself whether it is ready, and how long it waits for that answer. */
  readonly readinessIntervalMs: number;
  /** Answers in a row that take a ready server out of rotation, and that bring it back. */
  readonly readinessFailures: number;
  readonly readinessSuccesses: number;
  /** How often the issuer's keys are fetched, and how soon again when a token names an unknown one. */
  readonly keysRefreshMs: number;
  readonly keysCooldownMs: number;
  /** How long the issuer may take to answer, and how much it may say. */
  readonly keysTimeoutMs: number;
  readonly keysBytes: number;
  /** How far ahead of the server's clock an event may say it occurred. */
  readonly futureToleranceMs: number;
  /** Rows of a list when the caller names no size, and at most. */
  readonly defaultPageSize: number;
  readonly maximumPageSize: number;
  /** What a workflow may hold: its name and description, its actions, and all of those together as they are stored. */
  readonly workflowNameCharacters: number;
  readonly workflowDescriptionCharacters: number;
  readonly workflowActions: number;
  readonly workflowActionsBytes: number;
  /** Parts of actions and settings. */
  readonly tagCharacters: number;
  readonly webhookUrlCharacters: number;
  readonly capNameCharacters: number;
  /** The longest cooldown, window and wait. */
  readonly longestSpanDays: number;
  /** The highest count of a limit for each athlete, and of a cap for all. */
  readonly limitedEnrollments: number;
  readonly cappedEnrollments: number;
  /** Pairs of what a workflow emits and who waits for it that the check for loops looks at. */
  readonly loopSteps: number;
  /** Intervals of a week's business hours, and days on which nothing opens. */
  readonly openIntervals: number;
  readonly holidays: number;
  /** How often the scheduler looks what is due, and how many accounts it serves in one pass. */
  readonly schedulerIntervalMs: number;
  readonly dueAccounts: number;
  /** Athletes, or cursors, that one transaction of the scheduler goes through. */
  readonly timeCursorPageSize: number;
  /** How late an occurrence may still fire; after that it is recorded as missed. */
  readonly lateOccurrenceMs: number;
  /** How often the action runner looks for enrollments whose next step is due. */
  readonly actionIntervalMs: number;
  /** Due enrollments that one pass of the action runner looks at, and how many of one account it takes. */
  readonly dueEnrollments: number;
  readonly dueEnrollmentsPerAccount: number;
  /** Steps of workflows that change the database at the same time, and how long each may take. */
  readonly concurrentSteps: number;
  readonly stepTimeoutMs: number;
  /** Steps that wait for others, as webhooks do, at the same time; of one account; in line for that; of one account. */
  readonly concurrentCallSteps: number;
  readonly concurrentCallStepsPerAccount: number;
  readonly waitingCallSteps: number;
  readonly waitingCallStepsPerAccount: number;
  /** After how long such a step counts as abandoned by its process; longer than any of them takes. */
  readonly stepLeaseMs: number;
  /** Tries of a step, and the pauses between them, which double. */
  readonly stepTries: number;
  readonly firstStepPauseMs: number;
  readonly longestStepPauseMs: number;
  /** How long a webhook's receiver may take to answer, and how much of the answer is read. */
  readonly webhookTimeoutMs: number;
  readonly webhookAnswerBytes: number;
  /** Athletes that a backfill looks at in one transaction, and its enrollments per minute when nobody says. */
  readonly backfillPageSize: number;
  readonly backfillRatePerMinute: number;
  /** How long a backfill's confirmation token is good for. */
  readonly confirmationMs: number;
  /** What a filter may hold: bytes as JSON, conditions in all, groups within one another with the root. */
  readonly filterBytes: number;
  readonly filterConditions: number;
  readonly filterDepth: number;
  /** Elements of a list that a condition compares with, and characters of a text. */
  readonly filterListItems: number;
  readonly filterStringLength: number;
  /** What an event may say, as JSON with its state before, and how deep it may be nested. */
  readonly eventBytes: number;
  readonly eventDepth: number;
  /** An account's own events, the fields of one of them, and the account's own fields of athletes and answers. */
  readonly customEventTypes: number;
  readonly customEventFields: number;
  readonly accountFields: number;
  /** Characters of the name of an event, a field or an attribute, without its prefix, and of a description. */
  readonly fieldNameCharacters: number;
  readonly fieldDescriptionCharacters: number;
  /** An athlete's tags. */
  readonly tags: number;
  /** An athlete's attributes, and all of them as JSON. */
  readonly attributes: number;
  readonly attributesBytes: number;
  /** Entries of the outbox that one transaction evaluates. */
  readonly evaluatedEntries: number;
  /** Triggers that one transaction decides for, of all its events; an entry with more of them goes alone. */
  readonly evaluatedCandidates: number;
  /** Accounts whose triggers a process keeps in memory, and how many triggers of all of them. */
  readonly keptAutomations: number;
  readonly keptTriggers: number;
  /** Up to so many triggers of a type of event, each has its verdict kept, also where it did not match. */
  readonly explainedTriggers: number;
  /** How many causes back the root of an event may be that still enrolls anybody. */
  readonly loopDepth: number;
  /** Enrollments of one athlete in one workflow within a span, beyond which there is a hold. */
  readonly loopEnrollments: number;
  readonly loopSpanMs: number;
  /** Tries of an entry that fails, after which it is a dead letter, and the first pause between them; pauses double. */
  readonly entryTries: number;
  readonly firstEntryPauseMs: number;
  /** The same for a trigger that fails, and for dead letters that are tried again. */
  readonly triggerTries: number;
  readonly firstTriggerPauseMs: number;
  readonly longestTriggerPauseMs: number;
  /** Dead letters, and queued enrollments, that one pass looks at. */
  readonly retriedDeadLetters: number;
  readonly releasedEnrollments: number;
  /** How long a preview is answered again as it is, how many are kept, and how many athletes each names. */
  readonly previewMs: number;
  readonly keptPreviews: number;
  readonly previewedAthletes: number;
  /** The longest time that statistics of a trigger are about. */
  readonly statisticsDays: number;
  /** Events that one call replays, and how many of them at a time. */
  readonly replayedEvents: number;
  readonly replayPageSize: number;
  /** How often the outbox is looked into for events to evaluate, and how many partitions of accounts stand in line. */
  readonly busPollMs: number;
  readonly busPartitions: number;
  /** Transactions that evaluate at the same time, and how many partitions of an account each takes at most. */
  readonly busWorkers: number;
  readonly partitionsTogether: number;
  /** With Redis: how long an event may wait for word of it from there before the outbox itself is looked into. */
  readonly redisPatienceMs: number;
  /** How long Redis may take to answer, and how long reading its streams waits for something new. */
  readonly redisTimeoutMs: number;
  readonly streamWaitMs: number;
  /** Entries of the outbox that are relayed in one transaction, and records that a stream keeps. */
  readonly relayedEntries: number;
  readonly streamRecords: number;
  /** Records that one read takes, and those of one process that are not acknowledged. */
  readonly readRecords: number;
  readonly pendingRecords: number;
  /** After how long another process takes over the records of one that does not acknowledge them. */
  readonly abandonedRecordMs: number;
  /** Calls that watch events at the same time, in all and of one account, and how long each may go on. */
  readonly watchers: number;
  readonly watchersPerAccount: number;
  readonly watchMs: number;
  /** How often a watcher looks for events, how many it takes at a time, and when it says that there are none. */
  readonly watchPollMs: number;
  readonly watchedEvents: number;
  readonly watchHeartbeatMs: number;
  /** Dead letters that one call sends on their way again. */
  readonly redrivenDeadLetters: number;
  /** How long everything goes on after the first SIGTERM but for the health, which says NOT_SERVING. */
  readonly drainPauseMs: number;
  /** How long after the first SIGTERM calls that still run are cut off; the end is 25 s after it, with the next two. */
  readonly drainMs: number;
  /** How long the last measurements may take to be sent, after that. */
  readonly telemetryFlushMs: number;
  /** How long closing the connections to the database may take, after that. */
  readonly storeCloseMs: number;
  /** How often metrics are sent by OTLP. */
  readonly telemetryIntervalMs: number;
}

/** The account of callers that name none, until there are credentials. */
export const DEMO_ACCOUNT_ID = '01900000-0000-7000-8000-000000000001';

const LIMITS: Limits = Object.freeze({
  databaseConnections: 10,
  connectionWaitMs: 2_000,
  transactionWaitMs: 200,
  waitingTransactions: 500,
  groupedEvents: 64,
  batchedEvents: 128,
  concurrentGroups: 3,
  furtherGroupEvents: 8,
  furtherGroupMs: 20,
  concurrentRetries: 4,
  queuedEvents: 2_000,
  queueWaitMs: 500,
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
  concurrentCalls: 300,
  overloadedCalls: 200,
  connections: 5_000,
  connectionsPerPeer: 1_000,
  accountCallsPerSecond: 5_000,
  peerCallsPerSecond: 10_000,
  countedCallers: 10_000,
  tlsReloadMs: 1_000,
  firstBytesMs: 10_000,
  requestHeadersMs: 10_000,
  idleConnectionMs: 65_000,
  readinessIntervalMs: 1_000,
  readinessFailures: 3,
  readinessSuccesses: 2,
  keysRefreshMs: 5 * 60_000,
  keysCooldownMs: 30_000,
  keysTimeoutMs: 3_000,
  keysBytes: 256 * 1024,
  futureToleranceMs: 5 * 60_000,
  defaultPageSize: 50,
  maximumPageSize: 500,
  workflowNameCharacters: 200,
  workflowDescriptionCharacters: 2_000,
  workflowActions: 20,
  workflowActionsBytes: 64 * 1024,
  tagCharacters: 100,
  webhookUrlCharacters: 2_048,
  capNameCharacters: 100,
  longestSpanDays: 400,
  limitedEnrollments: 1_000,
  cappedEnrollments: 1_000_000,
  loopSteps: 50_000,
  openIntervals: 100,
  holidays: 1_000,
  schedulerIntervalMs: 1_000,
  dueAccounts: 100,
  timeCursorPageSize: 2_000,
  lateOccurrenceMs: 24 * 60 * 60_000,
  actionIntervalMs: 100,
  dueEnrollments: 1_000,
  dueEnrollmentsPerAccount: 200,
  concurrentSteps: 4,
  stepTimeoutMs: 5_000,
  concurrentCallSteps: 16,
  concurrentCallStepsPerAccount: 4,
  waitingCallSteps: 1_000,
  waitingCallStepsPerAccount: 100,
  stepLeaseMs: 60_000,
  stepTries: 12,
  firstStepPauseMs: 1_000,
  longestStepPauseMs: 60 * 60_000,
  webhookTimeoutMs: 10_000,
  webhookAnswerBytes: 64 * 1024,
  backfillPageSize: 100,
  backfillRatePerMinute: 600,
  confirmationMs: 10 * 60_000,
  filterBytes: 16 * 1024,
  filterConditions: 20,
  filterDepth: 4,
  filterListItems: 200,
  filterStringLength: 1_024,
  eventBytes: 16 * 1024,
  eventDepth: 5,
  customEventTypes: 200,
  customEventFields: 50,
  accountFields: 500,
  fieldNameCharacters: 50,
  fieldDescriptionCharacters: 500,
  tags: 100,
  attributes: 100,
  attributesBytes: 16 * 1024,
  evaluatedEntries: 100,
  evaluatedCandidates: 20_000,
  keptAutomations: 1_000,
  keptTriggers: 200_000,
  explainedTriggers: 100,
  loopDepth: 8,
  loopEnrollments: 20,
  loopSpanMs: 30 * 60_000,
  entryTries: 5,
  firstEntryPauseMs: 100,
  triggerTries: 8,
  firstTriggerPauseMs: 2_000,
  longestTriggerPauseMs: 10 * 60_000,
  retriedDeadLetters: 50,
  releasedEnrollments: 100,
  previewMs: 5_000,
  keptPreviews: 1_000,
  previewedAthletes: 10,
  statisticsDays: 92,
  replayedEvents: 10_000,
  replayPageSize: 200,
  busPollMs: 50,
  busPartitions: 256,
  busWorkers: 3,
  partitionsTogether: 16,
  redisPatienceMs: 2_000,
  redisTimeoutMs: 2_000,
  streamWaitMs: 1_000,
  relayedEntries: 500,
  streamRecords: 10_000,
  readRecords: 1_000,
  pendingRecords: 20_000,
  abandonedRecordMs: 10_000,
  watchers: 50,
  watchersPerAccount: 10,
  watchMs: 60 * 60_000,
  watchPollMs: 250,
  watchedEvents: 500,
  watchHeartbeatMs: 10_000,
  redrivenDeadLetters: 1_000,
  drainPauseMs: 0,
  drainMs: 20_000,
  telemetryFlushMs: 2_000,
  storeCloseMs: 3_000,
  telemetryIntervalMs: 15_000,
});

/** Reads the environment. Throws a ConfigError naming the variable and what is allowed. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  return Object.freeze({
    host: environment.HOST || '127.0.0.1',
    port: integer(environment, 'PORT', 8080, 0, 65_535),
    databaseUrl: environment.DATABASE_URL || undefined,
    migrationDatabaseUrl: migrationDatabaseUrl(environment),
    preparedStatements: onOrOff(environment, 'PREPARED_STATEMENTS', 'on'),
    redisUrl: redisUrl(environment),
    automationWorkers: onOrOff(environment, 'AUTOMATION_WORKERS', 'on'),
    dataDir: environment.DATA_DIR || '.data',
    logLevel: oneOf(environment, 'LOG_LEVEL', 'info', ['fatal', 'error', 'warn', 'info', 'debug', 'silent']),
    telemetry: readTelemetry(environment),
    webhooks: Object.freeze({
      allowHttp: onOrOff(environment, 'WEBHOOK_ALLOW_HTTP', 'off'),
      allowPrivate: onOrOff(environment, 'WEBHOOK_ALLOW_PRIVATE', 'off'),
    }),
    tls: readTlsConfig(environment),
    auth: Object.freeze(readAuthConfig(environment)),
    limits: Object.freeze({
      ...LIMITS,
      drainPauseMs: integer(environment, 'DRAIN_PAUSE_MS', LIMITS.drainPauseMs, 0, 20_000),
      databaseConnections: integer(environment, 'DATABASE_CONNECTIONS', LIMITS.databaseConnections, 2, 1000),
      accountCallsPerSecond: rate(environment, 'ACCOUNT_CALLS_PER_SECOND', LIMITS.accountCallsPerSecond),
      peerCallsPerSecond: rate(environment, 'PEER_CALLS_PER_SECOND', LIMITS.peerCallsPerSecond),
    }),
  });
}

function readTelemetry(environment: NodeJS.ProcessEnv): TelemetryConfig {
  return Object.freeze({
    metrics: environment.METRICS_PORT
      ? {
          host: environment.METRICS_HOST || '127.0.0.1',
          port: integer(environment, 'METRICS_PORT', 0, 0, 65_535),
        }
      : undefined,
    otlpEndpoint: httpUrl(environment, 'OTEL_EXPORTER_OTLP_ENDPOINT'),
    traceRatio: share(environment, 'OTEL_TRACES_SAMPLER_ARG', 1),
  });
}

/** The embedded PostgreSQL has one user: an owner apart goes with a database of one's own. */
function migrationDatabaseUrl(environment: NodeJS.ProcessEnv): string | undefined {
  if (environment.MIGRATION_DATABASE_URL && !environment.DATABASE_URL) {
    throw new ConfigError('MIGRATION_DATABASE_URL goes with a DATABASE_URL; both name the same database');
  }
  return environment.MIGRATION_DATABASE_URL || undefined;
}

function redisUrl(environment: NodeJS.ProcessEnv): string | undefined {
  const text = environment.REDIS_URL;
  if (text && !(URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol))) {
    throw new ConfigError('REDIS_URL must be an address such as redis://user:password@host:6379');
  }
  return text || undefined;
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

function rate(environment: NodeJS.ProcessEnv, name: string, fallback: number): number {
  return integer(environment, name, fallback, 0, 1_000_000);
}

function oneOf(environment: NodeJS.ProcessEnv, name: string, fallback: string, allowed: readonly string[]) {
  const value = environment[name] || fallback;
  if (!allowed.includes(value)) {
    throw new ConfigError(`${name} must be one of ${allowed.join(', ')}, not "${value}"`);
  }
  return value;
}

function onOrOff(environment: NodeJS.ProcessEnv, name: string, fallback: 'on' | 'off'): boolean {
  return oneOf(environment, name, fallback, ['on', 'off']) === 'on';
}

/** Without a slash at the end. */
function httpUrl(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = environment[name];
  if (!text) {
    return undefined;
  }
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new ConfigError(`${name} must be an address such as http://collector:4318`);
  }
  return text.replace(/\/+$/, '');
}

function share(environment: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = environment[name];
  const value = text ? Number(text) : fallback;
  if (!(value >= 0 && value <= 1)) {
    throw new ConfigError(`${name} must be a number from 0 to 1, not "${text}"`);
  }
  return value;
}
