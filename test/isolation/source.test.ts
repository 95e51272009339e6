/** The source of the service: rows are read and written in a transaction of an account only. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..', '..', 'src');

/** The files whose queries concern no account, and the one that makes the transactions. */
const OUTSIDE = [
  'store/cluster.ts',
  'store/database.ts',
  'store/migrate.ts',
  'store/server-requirements.ts',
  'store/standby.ts',
  'store/transactions-ahead.ts',
  'store/write-check.ts',
];

test('only the store queries the database outside of a transaction of an account', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const outside = files.filter((path) =>
    /\.orm\b|\.fork\(|\.transactional\(|\.getConnection\(|\.getKysely\(/.test(
      readFileSync(join(SOURCE, path), 'utf8'),
    ),
  );

  expect(outside.toSorted()).toEqual(OUTSIDE);
});
