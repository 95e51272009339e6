/** Which programs the machine has: tests of tools that a machine may lack are skipped there. */
import { spawnSync } from 'node:child_process';

/** Whether a program of this name is on the PATH. */
export function hasCommand(name: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0"', name]).status === 0;
}
