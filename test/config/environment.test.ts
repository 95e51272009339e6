/** The environment: which variables there are, what limits they set, and what is refused. */
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { DEFAULT_LIMITS } from '../../src/config/default-limits.ts';
import { parseRedisAddress } from '../../src/config/redis-address.ts';
import { SETTABLE_LIMITS } from '../../src/config/settable-limits.ts';

describe('a limit', () => {
  test.each(SETTABLE_LIMITS)(
    'is set by $variable, from $least to $most',
    ({ variable, limit, least, most }) => {
      // The limits that the other ones must not exceed.
      const room = { CONCURRENT_CALLS: '100000', CONNECTIONS: '1000000', WATCHERS: '100000' };
      const times = { MAXIMUM_DEADLINE_MS: '600000', DRAIN_MS: '600000' };
      const parts = { OVERLOADED_CALLS: '1', CONNECTIONS_PER_PEER: '1', WATCHERS_PER_ACCOUNT: '1' };
      const environment = { ...room, ...times, ...parts, DEFAULT_DEADLINE_MS: '1' };
      for (const value of [least, most]) {
        expect(readConfig({ ...environment, [variable]: `${value}` }).limits[limit]).toBe(value);
      }
      for (const value of [least - 1, most + 1, least + 0.5, 'much']) {
        expect(() => readConfig({ ...environment, [variable]: `${value}` })).toThrow(
          new ConfigError(`${variable} must be a whole number from ${least} to ${most}, not "${value}"`),
        );
      }
    },
  );

  test('keeps its default when its variable is not set, or empty', () => {
    expect(readConfig({}).limits).toEqual(DEFAULT_LIMITS);
    expect(readConfig({ CONNECTION_AGE_MS: '' }).limits).toEqual(DEFAULT_LIMITS);
  });

  test.each([
    ['CONCURRENT_CALLS', '100', 'OVERLOADED_CALLS must not be more than CONCURRENT_CALLS: it is 200'],
    [
      'MAXIMUM_DEADLINE_MS',
      '1000',
      'DEFAULT_DEADLINE_MS must not be more than MAXIMUM_DEADLINE_MS: it is 5000',
    ],
    ['DRAIN_PAUSE_MS', '30000', 'DRAIN_PAUSE_MS must not be more than DRAIN_MS: it is 30000'],
  ])('that another one is a part of is refused: %s=%s', (variable, value, message) => {
    expect(() => readConfig({ [variable]: value })).toThrow(message);
  });
});

describe('a variable that is not known', () => {
  test.each([
    [['AUTH_ISUER'], 'AUTH_ISUER (did you mean AUTH_ISSUER?)'],
    [['TLS_CERT'], 'TLS_CERT (did you mean TLS_CERT_FILE?)'],
    [['CORS_ORIGIN'], 'CORS_ORIGIN (did you mean CORS_ORIGINS?)'],
    [['CORS_ALLOW_CREDENTIALS_ALWAYS'], 'CORS_ALLOW_CREDENTIALS_ALWAYS'],
    [['DATABASE_CONECTIONS'], 'DATABASE_CONECTIONS (did you mean DATABASE_CONNECTIONS?)'],
    [['REDIS_URI'], 'REDIS_URI (did you mean REDIS_URL?)'],
    [['LOG_LEVLE'], 'LOG_LEVLE (did you mean LOG_LEVEL?)'],
    [
      ['DRAIN_PAUSE', 'CONNECTION_AGE'],
      'DRAIN_PAUSE (did you mean DRAIN_PAUSE_MS?), CONNECTION_AGE (did you mean CONNECTION_AGE_MS?)',
    ],
  ])('is refused: %s', (names, complaint) => {
    const environment = Object.fromEntries(names.map((name) => [name, 'value']));
    expect(() => readConfig(environment)).toThrow(
      new ConfigError(`the environment has variables that are not known: ${complaint}`),
    );
  });

  test.each([
    ...['PATH', 'NODE_ENV', 'DATABASE_NAME', 'REDIS_HOST', 'LOG_FORMAT', 'OTEL_SERVICE_NAME', 'PGPASSWORD'],
    // Kubernetes sets these for Services that are called auth, redis and metrics.
    ...['AUTH_SERVICE_HOST', 'AUTH_SERVICE_PORT', 'AUTH_SERVICE_PORT_HTTP', 'AUTH_PORT_8080_TCP_ADDR'],
    ...['REDIS_PORT', 'REDIS_PORT_6379_TCP', 'TLS_PORT_443_TCP_PROTO'],
  ])('is left to others: %s', (name) => {
    expect(readConfig({ [name]: 'value' })).toEqual({
      ...readConfig({}),
      ...(name === 'PGPASSWORD' ? { connectionVariables: { PGPASSWORD: 'value' } } : {}),
    });
  });
});

describe('the address of Redis', () => {
  test.each([
    ['redis://127.0.0.1:6379', 'SERVER', ['redis://127.0.0.1:6379']],
    ['rediss://me:word@redis/2', 'SERVER', ['rediss://me:word@redis/2']],
    ['redis-cluster://a:1,b:2', 'CLUSTER', ['redis://a:1', 'redis://b:2']],
    ['rediss-cluster://me:word@[::1]:7,b/', 'CLUSTER', ['rediss://me:word@[::1]:7/', 'rediss://me:word@b/']],
    ['redis-sentinel://a,b:2/main', 'SENTINELS', ['redis://a:26379', 'redis://b:2']],
    [
      'rediss-sentinel://a/main?sentinel_user=you&sentinel_password=w%2Frd',
      'SENTINELS',
      ['rediss://you:w%2Frd@a:26379'],
    ],
  ])('%s names servers', (text, kind, urls) => {
    expect(parseRedisAddress(text)).toMatchObject({ kind, urls });
    expect(readConfig({ REDIS_URL: text }).redisUrl).toBe(text);
  });

  test('with Sentinels has what they call the master, and the login there', () => {
    expect(parseRedisAddress('rediss-sentinel://me:w%2Frd@a,b/my-main.1/2')).toMatchObject({
      master: 'my-main.1',
      login: { isEncrypted: true, username: 'me', password: 'w/rd', database: 2 },
    });
    expect(parseRedisAddress('redis-sentinel://a/main')?.login).toEqual({ isEncrypted: false });
  });

  test.each([
    'redis://a:1,b:2',
    'redis-cluster://a:1/2',
    'redis-cluster://a:1,',
    'redis-sentinel://a:1',
    'redis-sentinel://a:1/',
    'redis-sentinel://a:1/main?password=x',
    'redis://a:1?sentinel_password=x',
    'http://a:1',
    'redis://',
    'a:1',
  ])('%s is refused with what is allowed', (text) => {
    expect(parseRedisAddress(text)).toBeUndefined();
    expect(() => readConfig({ REDIS_URL: text })).toThrow(/^REDIS_URL must be an address such as redis:/);
  });
});
