/** A database for a test file or a test: migrated, empty, and dropped afterwards. */
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';
import { type Database, type DatabaseOptions, openDatabase } from '../../src/store/database.ts';
import { databaseUrl, openAdminConnection } from './database-server.ts';

export interface TestDatabase {
  readonly database: Database;
  readonly url: string;
  /** Another handle on the same database, as a second server process would have; closed with the first. */
  open(options?: Partial<DatabaseOptions>): Database;
  /** Closes every handle and drops the database. */
  close(): Promise<void>;
}

const DEFAULTS: DatabaseOptions = { connections: 10, connectionWaitMs: 10_000 };

/** Clones the run's migrated database, in some tens of milliseconds. */
export function createTestDatabase(options: Partial<DatabaseOptions> = {}): Promise<TestDatabase> {
  const isDistributed = inject('isDistributed');
  return createDatabase(inject('nodeUrls'), `template ${inject('templateName')}`, {
    isDistributed,
    ...options,
  });
}

/**
 * A database for the tests of the file or `describe` block that calls it: cloned before the first test and dropped after
 * the last. Its members can be used in tests and hooks, not while the file is loaded.
 *
 * @example
 * const db = useTestDatabase();
 * test('an account starts empty', () => db.database.transaction(accountId, …));
 */
export function useTestDatabase(options: Partial<DatabaseOptions> = {}): TestDatabase {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase(options);
  });
  afterAll(() => db.close());
  return forwardTo(() => db);
}

/** The same for each test: cloned before it, and dropped after it. */
export function useTestDatabasePerTest(options: Partial<DatabaseOptions> = {}): TestDatabase {
  let db: TestDatabase;
  beforeEach(async () => {
    db = await createTestDatabase(options);
  });
  afterEach(() => db.close());
  return forwardTo(() => db);
}

function forwardTo(current: () => TestDatabase): TestDatabase {
  return {
    get database() {
      return current().database;
    },
    get url() {
      return current().url;
    },
    open: (more) => current().open(more),
    close: () => current().close(),
  };
}

/** A database without any tables, for tests of the migrations themselves. */
export function createEmptyDatabase(options: Partial<DatabaseOptions> = {}): Promise<TestDatabase> {
  return createDatabase([inject('serverUrl')], '', options);
}

async function createDatabase(
  nodeUrls: readonly string[],
  source: string,
  options: Partial<DatabaseOptions>,
): Promise<TestDatabase> {
  const name = `test_${uuidv7().replaceAll('-', '')}`;
  const nodes = nodeUrls.map(openAdminConnection);
  await Promise.all(nodes.map((node) => node.run(`create database ${name} ${source}`)));
  const url = databaseUrl(inject('serverUrl'), name);
  const handles: Database[] = [];
  const open = (more: Partial<DatabaseOptions> = {}) => {
    const handle = openDatabase(url, { ...DEFAULTS, ...options, ...more });
    handles.push(handle);
    return handle;
  };
  return {
    database: open(),
    url,
    open,
    async close() {
      await Promise.all(handles.map((handle) => handle.close()));
      await Promise.all(nodes.map((node) => node.run(`drop database ${name} with (force)`)));
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
}
