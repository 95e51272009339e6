/** The links of a page, and the headings that links can name. */

export function linksOf(text: string): string[] {
  return [
    ...withoutCode(text)
      .replace(/`[^`]*`/g, '')
      .matchAll(/\]\(([^)\s]+)[^)]*\)/g),
  ].map(([, target]) => `${target}`);
}

/** The names of a page's headings in links, on hosts of repositories and on the site of the documentation. */
export function anchorsOf(text: string): Set<string> {
  const headings = [...withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => `${heading}`);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function withoutCode(text: string): string {
  return text.replace(/^```.*?^```$/gms, '');
}
