/** The command token: a development token, signed with a key of this machine. */
import { ConfigError, readConfig } from '../src/config/config.ts';
import { StartError } from '../src/errors/start-error.ts';
import { readTokenRequest, USAGE } from './token/arguments.ts';
import { openDevelopmentIssuer } from './token/development-issuer.ts';

async function run(args: string[]): Promise<number> {
  try {
    const request = readTokenRequest(args);
    if (!request) {
      process.stdout.write(USAGE);
      return 0;
    }
    const issuer = openDevelopmentIssuer(readConfig().dataDir);
    process.stderr.write(`A server that accepts it starts with\n\n  ${issuer.startCommand}\n\n`);
    process.stdout.write(`${await issuer.mint(request)}\n`);
    return 0;
  } catch (error) {
    const isPlain = error instanceof StartError || error instanceof ConfigError;
    process.stderr.write(`${isPlain ? error.message : (error as Error).stack}\n`);
    return 1;
  }
}

process.exitCode = await run(process.argv.slice(2));
