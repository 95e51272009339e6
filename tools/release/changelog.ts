/** The changelog at a release: what is unreleased becomes the version's. */

const UNRELEASED = '## [Unreleased]\n';
const SECTION = /^## \[(.+?)\]/gm;

/** The released versions, newest first. */
export function releasedVersions(changelog: string): string[] {
  return [...changelog.matchAll(SECTION)]
    .map(([, name]) => `${name}`)
    .filter((name) => name !== 'Unreleased');
}

/** Throws when the version is there already, or nothing is unreleased. */
export function releaseChanges(changelog: string, version: string, date: string): string {
  if (releasedVersions(changelog).includes(version)) {
    throw new Error(`CHANGELOG.md has ${version} already`);
  }
  const [before, after] = changelog.split(UNRELEASED) as [string, string | undefined];
  if (!after || /^\s*(## |$)/.test(after)) {
    throw new Error('CHANGELOG.md has nothing under Unreleased');
  }
  return `${before}${UNRELEASED}\n## [${version}] - ${date}\n${after}`;
}
