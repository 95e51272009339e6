/** The links of the documentation have targets, and lead to every page. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { docPages } from './support/doc-blocks.ts';
import { anchorsOf, linksOf } from './support/doc-links.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const PAGES = docPages(ROOT);

describe('links', () => {
  test.each(PAGES)('in %s point to files of the repository, and to headings that they have', (page) => {
    const targets = linksOf(read(page)).filter((target) => !/^(https?|mailto):/.test(target));
    const broken = targets.filter((target) => {
      const [path, anchor] = target.split('#');
      const file = path ? join(dirname(page), path) : page;
      return !existsSync(join(ROOT, file)) || (anchor !== undefined && !anchorsOf(read(file)).has(anchor));
    });
    expect(broken).toEqual([]);
  });

  test('lead from the README to every page of docs, directly or through another', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) {
      const targets = linksOf(read(page)).map((target) => join(dirname(page), target.replace(/#.*/, '')));
      for (const target of targets.filter((each) => PAGES.includes(each))) {
        reached.add(target);
      }
    }
    const decisions = /^docs\/decisions\//;
    expect(PAGES.filter((page) => !reached.has(page) && !decisions.test(page))).toEqual([]);
  });
});

test('the README has less than 150 lines', () => {
  expect(read('README.md').split('\n').length).toBeLessThan(150);
});
