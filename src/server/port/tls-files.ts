/** The certificate files: read at the start, and again whenever they change. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Limits } from '../../config/config.ts';
import type { TlsConfig } from '../../config/tls-config.ts';
import { StartError } from '../../errors/start-error.ts';
import type { Logger } from '../logger.ts';

/** Older versions have known weaknesses. */
const OLDEST_VERSION = 'TLSv1.2';

export interface TlsFiles {
  /** The content at the start. */
  readonly options: SecureContextOptions;
  /**
   * Checks the files every `tlsReloadMs`, and calls `use` when they have changed and then were stable for one
   * interval. Invalid files are logged once and change nothing. Ends with `signal`.
   */
  follow(
    limits: Pick<Limits, 'tlsReloadMs'>,
    logger: Logger,
    use: (options: SecureContextOptions) => void,
  ): () => void;
}

/** Throws StartError when a file cannot be read, or when certificate and key do not match. */
export function openTlsFiles(tls: TlsConfig): TlsFiles {
  const paths = [tls.certificateFile, tls.keyFile, tls.clientAuthorityFile].filter((path) => path !== '');
  const atStart = paths.map(readAtStart);
  return {
    options: contextOptionsAtStart(atStart),
    follow: ({ tlsReloadMs }, logger, use) => follow(paths, atStart, tlsReloadMs, logger, use),
  };
}

function follow(
  paths: readonly string[],
  atStart: readonly Buffer[],
  intervalMs: number,
  logger: Logger,
  use: (options: SecureContextOptions) => void,
): () => void {
  /** The content that was used last, or found invalid. */
  let settled = textOf(atStart);
  let previous = settled;
  let isStopped = false;
  let timer = setTimeout(look, intervalMs).unref();

  async function look(): Promise<void> {
    const seen = await readAll(paths);
    const text = seen.files ? textOf(seen.files) : seen.problem;
    if (!isStopped) {
      if (text === previous && text !== settled) {
        settled = text;
        take(seen);
      }
      previous = text;
      timer = setTimeout(look, intervalMs).unref();
    }
  }
  function take({ files, problem }: Seen): void {
    try {
      if (!files) {
        throw new Error(problem);
      }
      use(contextOptionsOf(files));
      logger.info('the certificate was loaded again');
    } catch (error) {
      const { message } = error as Error;
      logger.error({ problem: message }, 'the new certificate cannot be used; the old one stays');
    }
  }

  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

function readAtStart(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new StartError(`cannot read ${path}: ${(error as Error).message}`);
  }
}

function contextOptionsAtStart(files: readonly Buffer[]): SecureContextOptions {
  try {
    return contextOptionsOf(files);
  } catch (error) {
    throw new StartError(
      `cannot use the files of TLS_CERT_FILE and TLS_KEY_FILE: ${(error as Error).message}`,
    );
  }
}

interface Seen {
  readonly files: readonly Buffer[] | undefined;
  readonly problem: string;
}

async function readAll(paths: readonly string[]): Promise<Seen> {
  try {
    return { files: await Promise.all(paths.map((path) => readFile(path))), problem: '' };
  } catch (error) {
    return { files: undefined, problem: (error as Error).message };
  }
}

function textOf(files: readonly Buffer[]): string {
  return files.map((file) => file.toString('base64')).join();
}

/** Throws OpenSSL's error for an invalid certificate or key, or a pair that does not match. */
function contextOptionsOf([cert, key, ca]: readonly (Buffer | undefined)[]): SecureContextOptions {
  const options = { cert, key, ...(ca ? { ca } : {}), minVersion: OLDEST_VERSION } as const;
  createSecureContext(options);
  return options;
}
