/** The command line of the command token. */
import { parseArgs } from 'node:util';
import { StartError } from '../../src/errors/start-error.ts';
import { ROLE_NAMES } from '../../src/server/access/permissions.ts';

export const USAGE = `usage: npm run --silent token -- --account UUID --subject NAME --roles ROLE,… [--ttl 1h]

Prints a token for development, and on standard error how to start a server that accepts it. Its key is made in
DATA_DIR at the first use. Nothing else accepts the token: real ones come from your identity provider.

  --account UUID  the account that calls are for
  --subject NAME  who calls; for the role athlete the athlete's user id
  --roles ROLE,…  some of ${ROLE_NAMES.join(', ')}
  --ttl TIME      how long it is good for: a number and s, m, h or d; 1h when left out
`;

/** The claims of the token. */
export interface TokenRequest {
  readonly accountId: string;
  readonly subject: string;
  readonly roles: readonly string[];
  readonly ttlS: number;
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** undefined when help was requested. Throws StartError for values that no server would accept. */
export function readTokenRequest(args: string[]): TokenRequest | undefined {
  const { help, account, subject, roles, ttl = '1h' } = parse(args);
  if (help) {
    return undefined;
  }
  if (!account || !subject || !roles) {
    throw new StartError('--account, --subject and --roles are needed; --help says more');
  }
  const names = roles.split(',');
  const unknown = names.filter((name) => !ROLE_NAMES.includes(name));
  if (unknown.length > 0) {
    throw new StartError(`--roles takes some of ${ROLE_NAMES.join(', ')}, not "${unknown.join(',')}"`);
  }
  const [, count, unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(ttl) ?? [];
  if (!count) {
    throw new StartError(`--ttl takes a number and s, m, h or d, not "${ttl}"`);
  }
  return { accountId: account, subject, roles: names, ttlS: Number(count) * (SECONDS[unit] ?? 0) };
}

function parse(args: string[]) {
  const string = { type: 'string' } as const;
  const options = {
    account: string,
    subject: string,
    roles: string,
    ttl: string,
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw error instanceof TypeError ? new StartError(error.message) : error;
  }
}
