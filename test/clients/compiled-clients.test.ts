/** The suites of the clients in compiled languages; `npm run interop -- go java` runs them. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientStage, startClientStage } from './client-stage.ts';
import { COMPILED_LANGUAGES } from './compiled-languages.ts';

const run = promisify(execFile);
const CASES = join(import.meta.dirname, '..', '..', 'clients', 'cases.json');
const BUILD_MS = 900_000;
const SUITE_MS = 180_000;
const wanted = (process.env.INTEROP ?? '').split(',');

for (const [language, { needs, scenarios, isThere, build }] of Object.entries(COMPILED_LANGUAGES)) {
  const isWanted = wanted.includes(language);
  const lacks = isWanted ? (isThere() ? '' : ` (needs ${needs})`) : ' (run by npm run interop)';

  describe.skipIf(lacks !== '')(`the ${language} client${lacks}`, () => {
    let directory: string;
    let stage: ClientStage;
    let suite: Awaited<ReturnType<typeof build>>;
    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'progression-client-'));
      suite = await build(directory);
      stage = await startClientStage();
    }, BUILD_MS);
    afterAll(async () => {
      await stage?.close();
      rmSync(directory, { recursive: true, force: true });
    });

    test(
      'answers every case of the suite',
      async () => {
        const args = [...suite.args, JSON.stringify(stage.parts), CASES];
        // What it printed before it failed or hung says where.
        const { stdout } = await run(suite.command, args, { timeout: SUITE_MS }).catch((error) => error);
        const lines = stdout.trim().split('\n');
        expect(lines.filter((line: string) => !line.startsWith('ok '))).toEqual([]);
        expect(lines.length).toBe(JSON.parse(readFileSync(CASES, 'utf8')).length + scenarios);
        process.stdout.write(`${language}: ${lines.length} cases passed\n`);
      },
      SUITE_MS,
    );
  });
}
