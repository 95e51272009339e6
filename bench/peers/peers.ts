/** The services that are written by hand, to compare with, and what of them can be started on this machine. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { COMPILED_LANGUAGES, GO_LIBRARIES, goClient } from '../../test/clients/compiled-languages.ts';
import { ACCOUNT_ID } from '../fixture.ts';
import { type RunningService, startProcess } from '../served.ts';
import { STATEMENTS } from './statements.ts';

export interface Peer {
  readonly name: string;
  /** What is missing on this machine; undefined: nothing. */
  readonly missing?: string;
  /** `directory` is empty, and stays until the peer has stopped. */
  start(databaseUrl: string, directory: string): Promise<RunningService>;
}

const { go } = COMPILED_LANGUAGES;
const hasGo = go?.isThere() && existsSync(join(GO_LIBRARIES, 'src/github.com/jackc/pgx/v4'));

/** Go refuses a URL whose host is the path of a socket. */
function keywordsOf(databaseUrl: string): string {
  const { hostname, port, username, pathname } = new URL(databaseUrl);
  return `host=${decodeURIComponent(hostname)} port=${port} user=${username} dbname=${pathname.slice(1)}`;
}

export const PEERS: readonly Peer[] = [
  {
    name: 'grpc-js and pg',
    start: (databaseUrl) =>
      startProcess(process.execPath, [join(import.meta.dirname, 'grpc-js.ts')], {
        DATABASE_URL: databaseUrl,
      }),
  },
  {
    name: 'Go and pgx',
    ...(hasGo ? {} : { missing: `Debian's ${go?.needs}, golang-github-jackc-pgx-v4-dev` }),
    async start(databaseUrl, directory) {
      const env = await goClient(directory);
      const command = join(directory, 'peer');
      cpSync(join(import.meta.dirname, 'go'), join(directory, 'src/progression-service/peer'), {
        recursive: true,
      });
      await promisify(execFile)('go', ['build', '-o', command, 'progression-service/peer'], { env });
      return startProcess(command, [], {
        ...{ DATABASE_URL: keywordsOf(databaseUrl), ACCOUNT_ID, STATEMENTS: JSON.stringify(STATEMENTS) },
      });
    },
  },
];
