/** The pages that the site of the documentation is built from. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SERVICES } from '../../console/src/api/services.ts';
import { PAGES, ROOT, sitePathOf } from '../../site/contents.ts';
import { renderPages } from '../../site/render-pages.ts';
import { rewriteLinks } from '../../site/site-links.ts';
import { docPages } from '../support/doc-blocks.ts';
import { anchorsOf, linksOf } from '../support/doc-links.ts';

const pages = renderPages();

test('each page of the documentation is on the site, and has a place of its own', () => {
  expect(PAGES).toEqual(expect.arrayContaining(docPages(ROOT)));
  expect(new Set(PAGES.map(sitePathOf)).size).toBe(PAGES.length);
  expect([...pages.keys()]).toEqual(expect.arrayContaining(PAGES.map(sitePathOf)));
});

test('every link leads to a page and a heading of the site, or to a file that it offers', () => {
  const anchors = new Map([...pages].map(([path, text]) => [path, anchorsOf(text)]));
  const broken = [...pages].flatMap(([page, text]) =>
    linksOf(text)
      .filter((target) => !/^(https?|mailto):/.test(target) && !isOnSite(target, page))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);

  function isOnSite(target: string, page: string): boolean {
    const [path = '', anchor] = target.split('#');
    const file = fileOf(path, page);
    return anchor === undefined
      ? pages.has(file) || existsSync(join(ROOT, 'docs', file))
      : anchors.get(file)?.has(anchor) === true;
  }
});

/** The file behind an address: relative to the page, or to the root of the site. */
function fileOf(path: string, page: string): string {
  if (path === '') {
    return page;
  }
  const file = path.startsWith('/') ? path.slice(1) : join(dirname(page), path);
  return file.endsWith('/') ? `${file}index.md` : file;
}

test('a link to a file that is not part of the site keeps its text', () => {
  const text = 'the [compose file](../deploy/compose.yaml) and [limits](limits.md#a-call)';
  expect(rewriteLinks(text, 'docs/deployment.md')).toBe('the compose file and [limits](./limits.md#a-call)');
});

describe('the reference of the API', () => {
  const page = (path: string) => pages.get(`api/${path}.md`) ?? expect.unreachable(`there is no ${path}`);

  test('has every method of every service, and a link to it', () => {
    for (const { typeName, methods } of SERVICES) {
      for (const { name } of methods) {
        expect(page(typeName)).toContain(`\n## ${name}\n`);
        expect(page('index')).toContain(`[${name}](./${typeName}.md#${name.toLowerCase()})`);
      }
    }
  });

  test('has comments, permissions, types with links, and rules', () => {
    const [, method = ''] = page('progression.v1.UserService').split('\n## UpdateAccount\n');
    expect(method).toContain('Changes the settings of the account; audited.');
    expect(method).toContain('writes, permission `PERMISSION_ACCOUNT_WRITE`');
    expect(method).toMatch(
      /^\| `unit` \| \[WeightUnit\]\(\.\/progression\.v1\.md#weightunit\) \| Absent: unchanged\./m,
    );
    expect(method).toContain('`string.max_len: 64`');
    expect(page('progression.v1')).toMatch(/^\| `SET_KIND_SUPPLEMENTAL` \| \w+/m);
  });
});
