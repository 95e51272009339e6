/** Reads the settings of TLS from the environment. */
import { ConfigError } from '../errors/start-error.ts';

/** Paths of PEM files. */
export interface TlsConfig {
  /** The server's certificate chain. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The CA of client certificates; empty: no client certificates. */
  readonly clientAuthorityFile: string;
}

/** undefined: clear text. Throws ConfigError when a file that the others need is not set. */
export function readTlsConfig(environment: NodeJS.ProcessEnv): TlsConfig | undefined {
  const certificateFile = environment.TLS_CERT_FILE || '';
  const keyFile = environment.TLS_KEY_FILE || '';
  const clientAuthorityFile = environment.TLS_CLIENT_CA_FILE || '';
  if ((certificateFile === '') !== (keyFile === '')) {
    throw new ConfigError('TLS_CERT_FILE and TLS_KEY_FILE go together');
  }
  if (clientAuthorityFile !== '' && certificateFile === '') {
    throw new ConfigError('TLS_CLIENT_CA_FILE goes with TLS_CERT_FILE and TLS_KEY_FILE');
  }
  if (environment.AUTH_MODE?.includes('mtls') && clientAuthorityFile === '') {
    throw new ConfigError(
      `AUTH_MODE ${environment.AUTH_MODE} needs TLS_CERT_FILE, TLS_KEY_FILE and TLS_CLIENT_CA_FILE`,
    );
  }
  return certificateFile === ''
    ? undefined
    : Object.freeze({ certificateFile, keyFile, clientAuthorityFile });
}
