/** Links between files of the repository, as links between pages of the site. */
import { dirname, join, relative } from 'node:path/posix';
import { PAGES, sitePathOf } from './contents.ts';

/** Pictures are shown, other files are offered as they are. */
const ASSET = /^docs\/(pictures|operations)\/[\w.-]+\.(png|yaml|json)$/;

export function isAsset(path: string): boolean {
  return ASSET.test(path);
}

/**
 * Returns a page's text with its links rewritten. The contract becomes the reference of the API; a link to a file that is
 * not part of the site keeps its text only, because the site does not know where the repository is hosted.
 */
export function rewriteLinks(text: string, source: string): string {
  const parts = text.split(/(^```.*?^```$)/ms);
  return parts.map((part) => (part.startsWith('```') ? part : rewriteProse(part, source))).join('');
}

function rewriteProse(prose: string, source: string): string {
  return prose.replace(
    /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g,
    (link, mark: string, label: string, target: string) => {
      if (/^(\w+:|#)/.test(target)) {
        return link;
      }
      const [path = '', anchor] = target.split('#');
      const address = addressOf(join(dirname(source), path), source);
      const place = anchor === undefined ? '' : `#${anchor}`;
      return address === null ? label : `${mark}[${label}](${address}${place})`;
    },
  );
}

/** Relative for pages and pictures, as their sources have it; null for what the site does not have. */
function addressOf(path: string, source: string): string | null {
  if (PAGES.includes(path) || ASSET.test(path)) {
    const address = relative(dirname(sitePathOf(source)), sitePathOf(path));
    // What is no page and no picture is served from the root, as it is.
    return /\.(yaml|json)$/.test(path) ? `/${sitePathOf(path)}` : `./${address}`;
  }
  if (/^proto\b/.test(path)) {
    return '/api/';
  }
  return path === 'docs/decisions'
    ? `/${sitePathOf('docs/decisions/001-validation-schema-subset.md')}`
    : null;
}
