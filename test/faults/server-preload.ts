/**
 * Loaded into a server by --import before the service: arms the failpoints in FAILPOINTS, as in
 * `unit-locked:kill@0.1,relay-added:kill` (with a probability; default 1), has the names of webhooks asked for at
 * NAME_SERVER, and lets the parent step the clock.
 */
import dns from 'node:dns/promises';
import { writeSync } from 'node:fs';
import { flushCompileCache, syncBuiltinESMExports } from 'node:module';
import { armFailpoints, FAILPOINTS, type Failpoint } from '../../src/store/failpoints.ts';

const STDERR = 2;
const COMPILED_AFTER_MS = 3_000;

function readFailpoints(text: string): Map<Failpoint, number> {
  const shares = new Map<Failpoint, number>();
  for (const part of text.split(',')) {
    const match = /^([a-z-]+):kill(?:@(\d+(?:\.\d+)?))?$/.exec(part);
    const point = FAILPOINTS.find((each) => each === match?.[1]);
    const share = Number(match?.[2] ?? 1);
    if (!point || !(share > 0 && share <= 1)) {
      throw new TypeError(`FAILPOINTS is invalid: ${part}`);
    }
    shares.set(point, share);
  }
  return shares;
}

if (process.env.FAILPOINTS) {
  const shares = readFailpoints(process.env.FAILPOINTS);
  armFailpoints((point) => {
    if (Math.random() < (shares.get(point) ?? 0)) {
      // Written synchronously, because a stream would not be flushed before the kill.
      writeSync(STDERR, `failpoint ${point}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
  });
}

const { NAME_SERVER } = process.env;
if (NAME_SERVER) {
  const { Resolver } = dns;
  class TestResolver extends Resolver {
    constructor(options?: ConstructorParameters<typeof Resolver>[0]) {
      super(options);
      this.setServers([NAME_SERVER as string]);
    }
  }
  Object.assign(dns, { Resolver: TestResolver });
  syncBuiltinESMExports();
}

const now = Date.now;
let offsetMs = Number(process.env.CLOCK_OFFSET_MS || 0);
Date.now = () => now() + offsetMs;

process.on('message', (message: { readonly clockOffsetMs: number }) => {
  offsetMs = message.clockOffsetMs;
});
// A killed process loses its compile cache; flushing it lets the next process start in two thirds of the
// time.
setTimeout(flushCompileCache, COMPILED_AFTER_MS).unref();

process.on('disconnect', () => process.exit(1));
process.channel?.unref();
