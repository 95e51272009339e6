/** The process edge: chooses the command, and maps its end to an exit code. */
import { runArchive } from './commands/archive.ts';
import { runConfig } from './commands/config.ts';
import { describeFailure } from './commands/describe-failure.ts';
import { runDistribute } from './commands/distribute.ts';
import { runHealth } from './commands/health.ts';
import { runMigrate } from './commands/migrate.ts';
import { runSeed } from './commands/seed.ts';
import { runServe } from './commands/serve.ts';
import { type Config, readConfig } from './config/config.ts';
import { SERVICE_NAME, SERVICE_VERSION } from './config/service-version.ts';

const USAGE = `usage: node src/main.ts [command]

  serve                    start the service (the default)
  migrate [direction]      up, the default, or down: change the schema; status: say how far it is; check: fail
                           unless it is all there
  distribute               put the tables on the nodes of a Citus cluster, by account; see docs/citus.md
  seed                     fill in the canonical catalogue and the demo account
  archive OPTIONS          write the months before a date into files: --before YYYY-MM-01 --to DIRECTORY
  health                   ask the running service whether it serves
  config [action]          print, the default: show the configuration, passwords hidden; check: read all that a start
                           reads, and connect to nothing
  --version                say which version this is

The environment configures it: HOST, PORT, DATABASE_URL, DATA_DIR and others; see docs/configuration.md.
`;

const COMMANDS = new Map<string, (config: Config, ...args: string[]) => Promise<void>>([
  ['serve', runServe],
  ['migrate', runMigrate],
  ['distribute', runDistribute],
  ['seed', runSeed],
  ['archive', runArchive],
  ['health', runHealth],
  ['config', runConfig],
]);

async function run([command = 'serve', ...args]: string[]): Promise<number> {
  if (command === '--help' || command === '-h' || command === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (command === '--version' || command === 'version') {
    process.stdout.write(`${SERVICE_NAME} ${SERVICE_VERSION}, Node ${process.version}\n`);
    return 0;
  }
  const start = COMMANDS.get(command);
  if (!start) {
    process.stderr.write(`there is no command "${command}"\n\n${USAGE}`);
    return 2;
  }
  try {
    await start(readConfig(), ...args);
    return 0;
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`);
    return 1;
  }
}

// A reader that closes its end, such as `head`, must not end the service.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', () => undefined);
}
// Exits although handles, such as an idle client connection, are still open.
process.exit(await run(process.argv.slice(2)));
