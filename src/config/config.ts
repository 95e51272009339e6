/** Reads the environment once into one frozen object, together with all limits. */

import { ConfigError } from '../errors/start-error.ts';
import { type AuthConfig, readAuthConfig } from './auth-config.ts';
import { type ConsoleSignIn, readConsoleSignIn } from './console-sign-in.ts';
import { readCorsOrigins } from './cors-origins.ts';
import type { Limits } from './default-limits.ts';
import { httpUrl, integer, oneOf, onOrOff, share } from './environment.ts';
import { requireKnownVariables } from './known-variables.ts';
import { parseRedisAddress } from './redis-address.ts';
import { readSecretKeys, type SecretKeys } from './secret-keys.ts';
import { readLimits } from './settable-limits.ts';
import { readTlsConfig, type TlsConfig } from './tls-config.ts';

export { ConfigError } from '../errors/start-error.ts';
export type { AuthConfig, TokenConfig } from './auth-config.ts';
export type { Limits } from './default-limits.ts';

/** The configuration of the process. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** A PostgreSQL connection string; absent: the embedded PostgreSQL in dataDir. */
  readonly databaseUrl: string | undefined;
  /** The same database, as the owner of its schema, for migrations; absent: databaseUrl is the owner's. */
  readonly migrationDatabaseUrl: string | undefined;
  /** A streaming standby of databaseUrl, for reads that tolerate lag; absent: the primary answers them. */
  readonly readDatabaseUrl: string | undefined;
  /** libpq's environment variables, for what these URLs do not say. */
  readonly connectionVariables: Readonly<Record<string, string | undefined>>;
  /**
   * Whether statements are prepared; a proxy that changes connections between transactions may not support
   * it.
   */
  readonly preparedStatements: boolean;
  /** Whether plain unary gRPC calls are served without Connect's streams. */
  readonly grpcFastPath: boolean;
  /** A Redis whose streams carry events to workers and subscribers; absent: PostgreSQL alone does. */
  readonly redisUrl: string | undefined;
  /**
   * Whether the process runs background workers: evaluation, workflows, the scheduler. It serves calls in
   * either case.
   */
  readonly automationWorkers: boolean;
  /** The data directory of the embedded PostgreSQL. */
  readonly dataDir: string;
  readonly logLevel: string;
  /** undefined: clear text. */
  readonly tls: TlsConfig | undefined;
  readonly auth: AuthConfig;
  /** Whether the process makes a key and a token of its own. */
  readonly trial: boolean;
  /** Whether the port serves the console's pages. */
  readonly console: boolean;
  /** How people sign in there; undefined: they paste a token. */
  readonly consoleSignIn: ConsoleSignIn | undefined;
  /** The origins whose pages may call from a browser, such as `https://app.example.com`; empty: none. */
  readonly corsOrigins: readonly string[];
  readonly telemetry: TelemetryConfig;
  readonly webhooks: WebhookConfig;
  /** What encrypts the accounts' secrets; undefined: accounts cannot have any. */
  readonly secretKeys: SecretKeys | undefined;
  readonly limits: Limits;
}

/** Which webhook targets are allowed beyond https on public addresses. */
export interface WebhookConfig {
  readonly allowHttp: boolean;
  readonly allowPrivate: boolean;
}

/** Where telemetry goes; without a target nothing is measured. */
export interface TelemetryConfig {
  /** The address of the metrics endpoint for Prometheus. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  /** The OTLP endpoint, over HTTP, for traces and metrics. */
  readonly otlpEndpoint: string | undefined;
  /** The share of traced calls among those whose callers do not decide; the others follow their caller. */
  readonly traceRatio: number;
}

/** The account of callers without credentials that name none. */
export const DEMO_ACCOUNT_ID = '01900000-0000-7000-8000-000000000001';

/** Throws ConfigError that names the variable and what is allowed. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  requireKnownVariables(environment);
  const auth = Object.freeze(readAuthConfig(environment));
  return Object.freeze({
    host: environment.HOST || '127.0.0.1',
    port: integer(environment, 'PORT', 8080, 0, 65_535),
    databaseUrl: environment.DATABASE_URL || undefined,
    migrationDatabaseUrl: besideDatabaseUrl(environment, 'MIGRATION_DATABASE_URL'),
    readDatabaseUrl: besideDatabaseUrl(environment, 'READ_DATABASE_URL'),
    connectionVariables: connectionVariables(environment),
    preparedStatements: onOrOff(environment, 'PREPARED_STATEMENTS', 'on'),
    grpcFastPath: onOrOff(environment, 'GRPC_FAST_PATH', 'on'),
    redisUrl: redisUrl(environment),
    automationWorkers: onOrOff(environment, 'AUTOMATION_WORKERS', 'on'),
    dataDir: environment.DATA_DIR || '.data',
    logLevel: oneOf(environment, 'LOG_LEVEL', 'info', ['fatal', 'error', 'warn', 'info', 'debug', 'silent']),
    telemetry: readTelemetry(environment),
    webhooks: Object.freeze({
      allowHttp: onOrOff(environment, 'WEBHOOK_ALLOW_HTTP', 'off'),
      allowPrivate: onOrOff(environment, 'WEBHOOK_ALLOW_PRIVATE', 'off'),
    }),
    secretKeys: readSecretKeys(environment),
    tls: readTlsConfig(environment),
    auth,
    trial: readTrial(environment, auth),
    console: onOrOff(environment, 'CONSOLE', auth.mode === 'none' ? 'on' : 'off'),
    consoleSignIn: readConsoleSignIn(environment, auth),
    corsOrigins: Object.freeze(readCorsOrigins(environment)),
    limits: readLimits(environment),
  });
}

function readTrial(environment: NodeJS.ProcessEnv, { mode }: AuthConfig): boolean {
  const isTrial = onOrOff(environment, 'TRIAL', 'off');
  if (isTrial && mode !== 'none') {
    throw new ConfigError(`TRIAL makes a key of its own: it must be off with AUTH_MODE ${mode}`);
  }
  return isTrial;
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

/** By libpq's names; `store/driver/connection-parameters.ts` lists those that are used. */
function connectionVariables(environment: NodeJS.ProcessEnv): Config['connectionVariables'] {
  const variables = Object.entries(environment).filter(([name]) => /^PG[A-Z]+$/.test(name));
  return Object.freeze(Object.fromEntries(variables));
}

/** The embedded PostgreSQL has one user and no standby: these URLs need an external database. */
function besideDatabaseUrl(
  environment: NodeJS.ProcessEnv,
  name: 'MIGRATION_DATABASE_URL' | 'READ_DATABASE_URL',
): string | undefined {
  if (environment[name] && !environment.DATABASE_URL) {
    const subject =
      name === 'READ_DATABASE_URL' ? 'it names a standby of that' : 'both name the same database';
    throw new ConfigError(`${name} goes with a DATABASE_URL; ${subject}`);
  }
  return environment[name] || undefined;
}

function redisUrl(environment: NodeJS.ProcessEnv): string | undefined {
  const text = environment.REDIS_URL;
  if (text && !parseRedisAddress(text)) {
    throw new ConfigError(
      'REDIS_URL must be an address such as redis://user:password@host:6379, ' +
        'redis-cluster://user:password@host:6379,host:6379 for a Redis Cluster, or ' +
        'redis-sentinel://user:password@host:26379,host:26379/master for the master of Sentinels',
    );
  }
  return text || undefined;
}
