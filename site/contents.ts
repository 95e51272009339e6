/** The pages of the site in the order of its sidebar, and where each is on the site. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

interface Section {
  readonly text: string;
  /** Paths in the repository. */
  readonly pages: readonly string[];
}

const CHOSEN: readonly Section[] = [
  { text: 'Start', pages: ['README.md', 'docs/who-it-is-for.md', 'docs/training-day.md', 'docs/console.md'] },
  {
    text: 'Call',
    pages: [
      'docs/clients.md',
      ...globSync('clients/*/README.md', { cwd: ROOT }).toSorted(),
      'docs/errors.md',
      'docs/limits.md',
    ],
  },
  {
    text: 'Train',
    pages: ['docs/programs.md', 'docs/automation.md', 'docs/filters.md', 'docs/training-logs.md'],
  },
  {
    text: 'Run',
    pages: [
      'docs/deployment.md',
      'docs/configuration.md',
      'docs/operations.md',
      'docs/security.md',
      'docs/events.md',
      'docs/upgrading.md',
      'CHANGELOG.md',
    ],
  },
  {
    text: 'Understand and change',
    pages: [
      'docs/architecture.md',
      'docs/performance.md',
      'docs/faults.md',
      'docs/dependencies.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
    ],
  },
];

const chosen = new Set(CHOSEN.flatMap(({ pages }) => pages));
const others = globSync('docs/*.md', { cwd: ROOT }).filter((page) => !chosen.has(page));

/** Pages that are in no section stand in one of their own. */
export const SECTIONS: readonly Section[] = [
  ...CHOSEN,
  ...(others.length > 0 ? [{ text: 'More', pages: others.toSorted() }] : []),
  { text: 'Decisions', pages: globSync('docs/decisions/*.md', { cwd: ROOT }).toSorted() },
];

export const PAGES = SECTIONS.flatMap(({ pages }) => pages);

/** The names that differ from the page's path below `docs/`. */
const NAMES: Readonly<Record<string, string>> = {
  'README.md': 'index.md',
  'CHANGELOG.md': 'changelog.md',
  'CONTRIBUTING.md': 'contributing.md',
  'SECURITY.md': 'security-policy.md',
};

/** `docs/limits.md` is `limits.md` on the site, `clients/python/README.md` is `clients/python.md`. */
export function sitePathOf(source: string): string {
  return NAMES[source] ?? source.replace(/^docs\//, '').replace(/\/README\.md$/, '.md');
}

/** The first heading; packages for different languages may have one name. */
export function titleOf(source: string): string {
  const [, language] = /^clients\/(\w+)\//.exec(source) ?? [];
  const [, heading] = /^# (.+)$/m.exec(readFileSync(join(ROOT, source), 'utf8')) ?? [];
  return language ? `Package for ${language}` : `${heading?.replaceAll('`', '')}`;
}
