/** Finds misspelt variables of the environment, which would have no effect. */
import { ConfigError } from '../errors/start-error.ts';
import { distanceOf, nearestName } from '../values/nearest-name.ts';
import { SETTABLE_LIMITS } from './settable-limits.ts';

/** Every variable but those of limits. docs/configuration.md explains them. */
export const SETTINGS: readonly string[] = [
  ...['HOST', 'PORT', 'GRPC_FAST_PATH', 'LOG_LEVEL', 'CONSOLE', 'CORS_ORIGINS', 'DATA_DIR'],
  'CONSOLE_OIDC_CLIENT_ID',
  ...['DATABASE_URL', 'MIGRATION_DATABASE_URL', 'READ_DATABASE_URL', 'PREPARED_STATEMENTS'],
  ...['REDIS_URL', 'AUTOMATION_WORKERS'],
  ...['TRIAL', 'AUTH_MODE', 'AUTH_JWKS_URL', 'AUTH_PUBLIC_KEY_FILE', 'AUTH_ISSUER', 'AUTH_AUDIENCE'],
  ...['AUTH_ALGORITHMS', 'AUTH_ACCOUNT_CLAIM', 'AUTH_ROLES_CLAIM', 'AUTH_PRINCIPALS_FILE'],
  ...['TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_CLIENT_CA_FILE'],
  ...['METRICS_PORT', 'METRICS_HOST', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_TRACES_SAMPLER_ARG'],
  ...['WEBHOOK_ALLOW_HTTP', 'WEBHOOK_ALLOW_PRIVATE'],
  ...['SECRETS_KEY', 'SECRETS_KEY_FILE', 'SECRETS_PREVIOUS_KEY', 'SECRETS_PREVIOUS_KEY_FILE'],
];

const KNOWN = [...SETTINGS, ...SETTABLE_LIMITS.map(({ variable }) => variable)].map((name) => ({
  name,
  spellings: [name],
}));

/** Prefixes that no other program of the container is likely to use: each name with one of them must be known. */
const OWN = /^(AUTH|TLS|CORS|METRICS|WEBHOOK|AUTOMATION|MIGRATION|PREPARED|DRAIN|ACCOUNT_CALLS|PEER_CALLS)_/;
/** Prefixes that others use as well: a name with one of them must not be nearly one of ours. */
const SHARED =
  /^(DATABASE|REDIS|DATA|LOG|HOST|PORT|CONSOLE|SECRETS?|CONNECTIONS?|PING|QUEUED?|WATCH(ERS)?|READINESS)(_|$)/;
const MOST_TYPOS = 2;
/** What Kubernetes sets in every container for each Service, whatever its name. */
const SERVICE_LINK = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** Throws ConfigError that lists every misspelt variable with the name that was probably meant. */
export function requireKnownVariables(environment: NodeJS.ProcessEnv): void {
  const known = new Set(KNOWN.map(({ name }) => name));
  const unknown = Object.keys(environment).filter(
    (name) => !known.has(name) && !SERVICE_LINK.test(name) && (OWN.test(name) || isTypo(name)),
  );
  if (unknown.length > 0) {
    const complaints = unknown.map((name) => {
      const meant = nearestName(name, KNOWN);
      return meant === undefined ? name : `${name} (did you mean ${meant}?)`;
    });
    throw new ConfigError(`the environment has variables that are not known: ${complaints.join(', ')}`);
  }
}

function isTypo(name: string): boolean {
  const isNear = (known: string) => distanceOf(name, known) <= MOST_TYPOS || known === `${name}_MS`;
  return SHARED.test(name) && KNOWN.some((each) => isNear(each.name));
}
