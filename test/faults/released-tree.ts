/** The source tree of another revision of the service, for servers that run beside those of this one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RevisionTree {
  readonly root: string;
  remove(): void;
}

/** The last commit that changed the contract of a release; undefined without the history. */
export function releasedRevision(root: string): string | undefined {
  try {
    return git(root, 'log', '-1', '--format=%H', '--', 'proto/released').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Uses the dependencies that are installed here. */
export function checkOutRevision(root: string, revision: string): RevisionTree {
  const tree = mkdtempSync(join(tmpdir(), 'progression-revision-'));
  const remove = () => rmSync(tree, { recursive: true, force: true });
  try {
    const archive = execFileSync('git', ['archive', revision], { cwd: root, maxBuffer: 1024 ** 3 });
    execFileSync('tar', ['-x', '-C', tree], { input: archive });
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
    return { root: tree, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
