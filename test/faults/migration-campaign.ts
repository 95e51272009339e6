/** A campaign in which `migrate up` is ended in the middle of each migration, and then repeated. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type pg from 'pg';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { dumpSchema } from '../store/schema-dump.ts';
import { ask, until, withClient } from './ask-database.ts';
import { startFaultDatabase } from './fault-database.ts';

export interface MigrationOptions {
  readonly root: string;
  /** The names of the migrations that are interrupted. */
  readonly names: readonly string[];
  readonly log: (line: string) => void;
}

export interface MigrationReport {
  readonly migrations: number;
  /** How often `migrate up` ended in the middle of one. */
  readonly interrupted: number;
  /** Interruptions that left another schema than the one before, and schemas that are not those of an undisturbed run. */
  readonly violations: readonly string[];
}

const SIGNALS = ['SIGTERM', 'SIGKILL'] as const;
/** The process waits for this lock at the chosen command; the test holds it meanwhile. */
const LOCK = 7_350_114_299;

/** Counts the commands that change the schema, and lets the session wait at one of them: `faults.stop_at`, -1 for none. */
const instruments = (database: string) => `
  create schema faults;
  create sequence faults.commands minvalue 0 start 0;
  create function faults.wait_at() returns event_trigger language plpgsql as $$
  begin
    if nextval('faults.commands') = current_setting('faults.stop_at')::bigint then
      perform pg_advisory_xact_lock(${LOCK});
    end if;
  end $$;
  alter database ${database} set faults.stop_at = '-1';
  create event trigger wait_at on ddl_command_end execute function faults.wait_at()`;

export async function runMigrations({ root, names, log }: MigrationOptions): Promise<MigrationReport> {
  const server = await startFaultDatabase();
  const violations: string[] = [];
  let interrupted = 0;
  try {
    await install(server.url, 'postgres');
    const counts = await countCommands(server.url);
    await withClient(server.url, async (holder) => {
      await holder.query('select pg_advisory_lock($1)', [LOCK]);
      for (const { name } of MIGRATIONS) {
        const middle = Math.ceil((counts.get(name) ?? 0) / 2);
        for (const signal of names.includes(name) ? SIGNALS : []) {
          const before = await describe(server.url);
          await interrupt(root, server.url, holder, { stopAt: middle, signal });
          interrupted += 1;
          log(`${name} ${signal} at command ${middle} of ${counts.get(name)}`);
          if ((await describe(server.url)) !== before) {
            violations.push(`${signal} in the middle of ${name} left another schema than before`);
          }
        }
        await withDatabase(server.url, ({ orm }) => orm.migrator.up({ to: name }));
      }
    });
    const [repeated, undisturbed] = [await describe(server.url), await describeUndisturbed(server.url)];
    if (repeated !== undisturbed) {
      violations.push('the schema is another one than that of an undisturbed run');
    }
    return { migrations: names.length, interrupted, violations };
  } finally {
    await server.close();
  }
}

async function install(url: string, database: string): Promise<void> {
  await withClient(url, (client) => client.query(instruments(database)));
}

/** How many commands of each migration change the schema, counted in a database of its own. */
async function countCommands(url: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const counting = await createDatabase(url, 'counting');
  await install(counting, 'counting');
  await withDatabase(counting, async ({ orm }) => {
    for (const { name } of MIGRATIONS) {
      await ask(counting, `select setval('faults.commands', 0, true)`);
      await orm.migrator.up({ to: name });
      counts.set(name, Number(await ask(counting, 'select last_value from faults.commands')));
    }
  });
  return counts;
}

/** Runs `migrate up` until it waits at the command, and ends it there. Resolves when PostgreSQL has noticed. */
async function interrupt(
  root: string,
  url: string,
  holder: pg.Client,
  { stopAt, signal }: { readonly stopAt: number; readonly signal: NodeJS.Signals },
): Promise<void> {
  await ask(url, `select setval('faults.commands', 0, true)`);
  await ask(url, `alter database postgres set faults.stop_at = '${stopAt}'`);
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), 'migrate', 'up'], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: 'inherit',
  });
  const ended = once(child, 'close');
  const waits = `select exists (select from pg_locks where locktype = 'advisory' and not granted)`;
  await Promise.race([
    until(url, waits),
    ended.then(() => Promise.reject(new Error(`migrate up did not stop at command ${stopAt}`))),
  ]);
  child.kill(signal);
  await ended;
  await ask(url, `alter database postgres set faults.stop_at = '-1'`);
  await holder.query('select pg_advisory_unlock($1)', [LOCK]);
  await until(
    url,
    `select count(*) = 2 from pg_stat_activity where datname = 'postgres' and backend_type = 'client backend'`,
  );
  await holder.query('select pg_advisory_lock($1)', [LOCK]);
}

async function describeUndisturbed(url: string): Promise<string> {
  const undisturbed = await createDatabase(url, 'undisturbed');
  await withDatabase(undisturbed, ({ orm }) => orm.migrator.up());
  return describe(undisturbed);
}

/** The schema, and the migrations that are applied. */
function describe(url: string): Promise<string> {
  return withDatabase(url, async (database) => {
    const applied = await database.orm.migrator.getExecuted();
    return `${applied.map(({ name }) => name).join(' ')}\n${await dumpSchema(database)}`;
  });
}

async function createDatabase(url: string, name: string): Promise<string> {
  await ask(url, `create database ${name}`);
  return url.replace(/postgres$/, name);
}

async function withDatabase<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase(url, { connections: 2, connectionWaitMs: 30_000 });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
