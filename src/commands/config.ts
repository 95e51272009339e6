/** The command config: shows what the environment configures, or checks it, without starting anything. */
import { requireSafeBinding } from '../config/auth-config.ts';
import type { Config } from '../config/config.ts';
import { StartError } from '../errors/start-error.ts';
import { createAuthenticator } from '../server/access/authenticator.ts';
import { createLogger } from '../server/logger.ts';
import { openTlsFiles } from '../server/port/tls-files.ts';
import { readConnectionTarget } from '../store/driver/connection-target.ts';

const HIDDEN = '***';

const ACTIONS = new Map<string, (config: Config) => Promise<string>>([
  ['print', async (config) => JSON.stringify(withoutSecrets(config), null, 2)],
  [
    'check',
    async (config) => {
      await checkConfig(config);
      return 'the configuration is complete';
    },
  ],
]);

/**
 * `print` writes the configuration that is in force as JSON, with passwords hidden. `check` reads everything that a
 * start reads of it, files included, and connects to nothing. Throws StartError or ConfigError, in one line.
 */
export async function runConfig(config: Config, action = 'print'): Promise<void> {
  const act = ACTIONS.get(action);
  if (!act) {
    throw new StartError(`config takes ${[...ACTIONS.keys()].join(', ')}, not "${action}"`);
  }
  console.log(await act(config));
}

async function checkConfig(config: Config): Promise<void> {
  const { auth, connectionVariables, databaseUrl, migrationDatabaseUrl, readDatabaseUrl, limits, tls } =
    config;
  requireSafeBinding(config.host, auth);
  if (databaseUrl) {
    readConnectionTarget(databaseUrl, 'DATABASE_URL', connectionVariables);
  }
  if (migrationDatabaseUrl) {
    readConnectionTarget(migrationDatabaseUrl, 'MIGRATION_DATABASE_URL', connectionVariables);
  }
  if (readDatabaseUrl) {
    readConnectionTarget(readDatabaseUrl, 'READ_DATABASE_URL', connectionVariables);
  }
  if (tls) {
    openTlsFiles(tls);
  }
  const needsNetwork = 'token' in auth && auth.token.keysUrl !== '';
  if (!needsNetwork) {
    (await createAuthenticator(auth, limits, createLogger('silent'))).close();
  }
}

function withoutSecrets(config: Config): unknown {
  return JSON.parse(JSON.stringify(config), (name, value) => {
    if (name === 'PGPASSWORD') {
      return HIDDEN;
    }
    return typeof value === 'string' && value.includes('://') ? withoutPassword(value) : value;
  });
}

/** Also the password of a URL whose password is not escaped as it should be. */
function withoutPassword(url: string): string {
  return url
    .replace(/(:\/\/[^:/?#@]*):[^?#]*@/, `$1:${HIDDEN}@`)
    .replaceAll(/([?&][^=&]*password=)[^&]*/gi, `$1${HIDDEN}`);
}
