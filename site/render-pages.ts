/** The text of every page of the site. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderReference } from './api-reference.ts';
import { PAGES, ROOT, sitePathOf } from './contents.ts';
import { rewriteLinks } from './site-links.ts';

/** By their paths on the site. */
export function renderPages(): Map<string, string> {
  const pages = PAGES.map((source) => {
    const text = readFileSync(join(ROOT, source), 'utf8');
    return [sitePathOf(source), rewriteLinks(text, source)] as const;
  });
  return new Map([...pages, ...renderReference()]);
}
