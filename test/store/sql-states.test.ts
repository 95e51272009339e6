/** What each SQLSTATE becomes, raised by a real server in a transaction of the service. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();

/** The reason under which a statement fails with this state; undefined: as a defect. */
async function reasonOf(state: string): Promise<unknown> {
  const raise = sql.raw(`do $$ begin raise exception using errcode = '${state}'; end $$`);
  const failing = db.database.transaction(uuidv7(), (tx) => raise.execute(tx.sql));
  const error = await failing.then(
    () => expect.fail('the statement succeeded'),
    (reason: { readonly reason?: string }) => reason,
  );
  return error.reason;
}

describe('a call fails', () => {
  test.each([
    // Connection exceptions
    ...['08000', '08001', '08003', '08004', '08006', '08007', '08P01'],
    // A transaction that cannot write, or that the server ended because of its age
    ...['25006', '25P03', '25P04'],
    // Refused logins, a database that is gone
    ...['28000', '28P01', '3D000'],
    '40003',
    // No disk, no memory, no connections, a limit of the configuration
    ...['53000', '53100', '53200', '53300', '53400'],
    // Shutdown, crash, start, dropped database, idle session
    ...['57000', '57P01', '57P02', '57P03', '57P04', '57P05'],
    // Input and output, files of the server
    ...['58000', '58030', '58P01', '58P02', '58P03'],
    ...['F0000', 'F0001'],
  ])('as DATABASE_UNAVAILABLE with %s', async (state) => {
    expect(await reasonOf(state)).toBe('DATABASE_UNAVAILABLE');
  });

  test.each(['40000', '40001', '40002', '40P01', '55P03'])('as CONCURRENT_UPDATE with %s', async (state) => {
    expect(await reasonOf(state)).toBe('CONCURRENT_UPDATE');
  });

  test('as DEADLINE_EXCEEDED with 57014, and as VALUE_OUT_OF_RANGE with 22003', async () => {
    expect(await reasonOf('57014')).toBe('DEADLINE_EXCEEDED');
    expect(await reasonOf('22003')).toBe('VALUE_OUT_OF_RANGE');
  });

  test.each([
    ...['03000', '09000', '0A000', '0B000', '0F000', '0L000', '0P000', '0Z000', '10608', '20000', '21000'],
    ...['22000', '22P02', '23000', '23502', '23503', '23505', '23514', '24000', '25000', '25001', '25P01'],
    ...['26000', '27000', '2B000', '2D000', '2F000', '34000', '38000', '39000', '3B000', '3F000'],
    ...['42000', '42501', '42601', '42P01', '44000', '54000', '54001', '55000', '55006', '55P02'],
    ...['HV000', 'P0000', 'P0001', 'XX000', 'XX001', 'XX002'],
  ])('as a defect with %s', async (state) => {
    expect(await reasonOf(state)).toBeUndefined();
  });
});
