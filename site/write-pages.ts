/** Writes what the site is built from into `pages/`: the documentation, and the reference made from the contract. */
import { cpSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, sitePathOf } from './contents.ts';
import { renderPages } from './render-pages.ts';
import { isAsset } from './site-links.ts';

const DIRECTORY = join(import.meta.dirname, 'pages');

rmSync(DIRECTORY, { recursive: true, force: true });
for (const [path, text] of renderPages()) {
  const file = join(DIRECTORY, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
for (const source of globSync('docs/*/*', { cwd: ROOT }).filter(isAsset)) {
  // Pages import pictures; other files are served as they are.
  const place = source.endsWith('.png') ? DIRECTORY : join(DIRECTORY, 'public');
  cpSync(join(ROOT, source), join(place, sitePathOf(source)), { recursive: true });
}
