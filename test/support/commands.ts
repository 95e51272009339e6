/** Which programs the machine has: tests that need a missing program are skipped. */
import { spawnSync } from 'node:child_process';

/** Whether a program of this name is on the PATH. */
export function hasCommand(name: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0"', name]).status === 0;
}

/**
 * Whether tests in a browser run. Where there is no Chromium they are skipped, and the run says so at its end; with
 * REQUIRE_CHROMIUM they fail.
 */
export const HAS_CHROMIUM = hasCommand('chromium') || Boolean(process.env.REQUIRE_CHROMIUM);

/** The same for tests of the gateway, with nginx and REQUIRE_NGINX. */
export const HAS_NGINX = hasCommand('nginx') || Boolean(process.env.REQUIRE_NGINX);
