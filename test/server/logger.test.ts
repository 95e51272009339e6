/** What is written of an error, of ours and of the database's. */
import { describe, expect, test } from 'vitest';
import { createLogger, describeCause } from '../../src/server/logger.ts';

/** An error as the PostgreSQL driver makes them. */
function databaseError(): Error {
  return Object.assign(new Error('duplicate key value violates unique constraint "users_pkey"'), {
    name: 'DatabaseError',
    severity: 'ERROR',
    code: '23505',
    detail: 'Key (name)=(Bob) already exists.',
    constraint: 'users_pkey',
  });
}

describe('a cause', () => {
  test('of the service is described by name, message and place in the source', () => {
    expect(describeCause(new TypeError('x is not a function'))).toEqual({
      name: 'TypeError',
      message: 'x is not a function',
      stack: expect.arrayContaining([expect.stringMatching(/logger\.test\.ts/)]),
    });
  });

  test('of the database is described by SQLSTATE and constraint, without SQL or values', () => {
    const wrapped = new Error("insert into users (name) values ('Bob') - duplicate key", {
      cause: databaseError(),
    });
    const described = describeCause(new Error('could not create the user', { cause: wrapped }));
    expect(described).toMatchObject({
      cause: { cause: { name: 'DatabaseError', sqlState: '23505', constraint: 'users_pkey' } },
    });
    expect(JSON.stringify(described)).not.toMatch(/Bob|insert into|duplicate/);
  });

  test.each(['a string', undefined, { password: 'secret' }])(
    'that is no error is not printed (%#)',
    (cause) => {
      expect(describeCause(cause)).toEqual({ name: typeof cause, stack: [] });
    },
  );
});

test('lines below the level are not written', () => {
  const lines: string[] = [];
  const logger = createLogger('warn', { write: (line) => lines.push(line) });
  logger.info('no');
  logger.warn({ method: 'x' }, 'yes');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level: 40, time: expect.any(String), method: 'x', msg: 'yes' },
  ]);
});
