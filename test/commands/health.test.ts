/** The command health with an encrypted port: it trusts the certificate of the file, and presents its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Certificate, createAuthority } from '../support/certificates.ts';
import { runCommand, type ServiceProcess, startCommand, urlIn } from '../support/service-process.ts';
import { useTestDatabasePerTest } from '../support/test-database.ts';

let directory: string;
const db = useTestDatabasePerTest();
let service: ServiceProcess | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'progression-health-'));
});
afterEach(async () => {
  service?.child.kill('SIGKILL');
  await service?.ended;
  await rm(directory, { recursive: true, force: true });
});

async function write(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

async function filesOf(name: string, { certificate, key }: Certificate) {
  return {
    TLS_CERT_FILE: await write(`${name}.crt`, certificate),
    TLS_KEY_FILE: await write(`${name}.key`, key),
  };
}

test.each([false, true])(
  'health succeeds for the server of the certificate, and for no other; clients need one: %s',
  async (isMutual) => {
    const authority = createAuthority();
    const names = ['DNS:progression.example.com'];
    const own = await filesOf('own', authority.issue(names));
    const other = await filesOf('other', createAuthority().issue(names));
    const mutual: Record<string, string> = isMutual
      ? { TLS_CLIENT_CA_FILE: await write('authority.crt', authority.certificate) }
      : {};
    service = startCommand(['serve'], { DATABASE_URL: db.url, ...own, ...mutual });
    const PORT = new URL(urlIn(await service.firstLine)).port;

    const asked = await runCommand(['health'], { PORT, ...own, ...mutual });
    const deceived = await runCommand(['health'], { PORT, ...other, ...mutual });

    expect([asked.code, asked.stderr]).toEqual([0, '']);
    expect([deceived.code, deceived.stderr]).toEqual([
      1,
      expect.stringMatching(/^no answer from https:\/\/127\.0\.0\.1:\d+: [^\n]*\n$/),
    ]);
  },
);
