/** Runs the suites of clients in compiled languages: npm run interop -- go java. */
import { spawnSync } from 'node:child_process';
import { COMPILED_LANGUAGES } from './compiled-languages.ts';

const languages = process.argv.slice(2);
const known = Object.keys(COMPILED_LANGUAGES);
const unknown = languages.filter((language) => !known.includes(language));
if (languages.length === 0 || unknown.length > 0) {
  process.stderr.write(`usage: npm run interop -- ${known.join(' ')}\n`);
  process.exit(2);
}
const { status } = spawnSync('vitest', ['run', 'test/clients/compiled-clients.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, INTEROP: languages.join(',') },
});
process.exit(status ?? 1);
