/** A base backup of a running PostgreSQL by its low-level functions, as a data directory of its own. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

export interface BackupOptions {
  /** The URL of the running server. */
  readonly url: string;
  readonly dataDir: string;
  /** The new data directory; its parent is created. */
  readonly target: string;
  /** A standby fetches what was written since from the server; a backup needs it in its own directory. */
  readonly kind: 'STANDBY' | 'BACKUP';
}

export async function takeBaseBackup({ url, dataDir, target, kind }: BackupOptions): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`select pg_backup_start('faults', true)`);
    const { uid, gid } = statSync(dataDir);
    mkdirSync(join(target, '..'), { recursive: true });
    chmodSync(join(target, '..'), 0o711);
    await copy(dataDir, target);
    for (const file of ['postmaster.pid', 'postmaster.opts', '.s.PGSQL.5432', '.s.PGSQL.5432.lock']) {
      rmSync(join(target, file), { force: true });
    }
    // The copied log may end in the middle of a record.
    const log = join(target, 'pg_wal');
    for (const file of readdirSync(log).filter((name) => /^[0-9A-F]{24}$/.test(name))) {
      rmSync(join(log, file));
    }
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)');
    if (kind === 'BACKUP') {
      await copy(`${join(dataDir, 'pg_wal')}/.`, log);
    }
    await write('backup_label', rows[0]?.labelfile ?? '');
    if (kind === 'STANDBY') {
      await write('standby.signal', '');
    }

    async function write(name: string, text: string): Promise<void> {
      writeFileSync(join(target, name), text);
      await chown(join(target, name), uid, gid);
    }
  } finally {
    await client.end();
  }
}

/** Files that the server removes meanwhile are missing in the copy, as recovery expects. */
async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-a', from, to]).catch((error: { readonly stderr?: string }) => {
    if (!/No such file or directory/.test(error.stderr ?? '')) {
      throw error;
    }
  });
}
