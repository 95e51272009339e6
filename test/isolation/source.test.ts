/** The source of the service: whatever reads or writes rows goes through a transaction of an account. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..', '..', 'src');

/** Who asks the database something that concerns no account, or makes the transactions. */
const OUTSIDE = ['store/database.ts', 'store/migrate.ts', 'store/server-requirements.ts'];

test('nothing but the store itself asks the database anything outside a transaction of an account', () => {
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
