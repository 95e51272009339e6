/**
 * What each SQLSTATE means for the call that gets it. https://www.postgresql.org/docs/current/errcodes-appendix.html
 * has them all; the first two characters are the class.
 */

export type Meaning =
  /** A concurrent transaction was in the way: the same call may succeed at once. */
  | 'CONCURRENT_UPDATE'
  /** The server is away, has no room, or takes no writes: the same call may succeed later. */
  | 'DATABASE_UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'VALUE_OUT_OF_RANGE'
  /** A statement or the schema is wrong; unless the violated constraint is a rule of the domain. */
  | 'DEFECT';

/** States that mean something else than the rest of their class. */
const STATES: ReadonlyMap<string, Meaning> = new Map([
  // numeric_value_out_of_range: the columns take 12 digits before the point.
  ['22003', 'VALUE_OUT_OF_RANGE'],
  // read_only_sql_transaction: a standby, or default_transaction_read_only.
  ['25006', 'DATABASE_UNAVAILABLE'],
  // idle_in_transaction_session_timeout and transaction_timeout: the server ends the connection.
  ['25P03', 'DATABASE_UNAVAILABLE'],
  ['25P04', 'DATABASE_UNAVAILABLE'],
  // statement_completion_unknown
  ['40003', 'DATABASE_UNAVAILABLE'],
  // lock_not_available
  ['55P03', 'CONCURRENT_UPDATE'],
  // query_canceled: every statement has the time that is left of its call.
  ['57014', 'DEADLINE_EXCEEDED'],
]);

const CLASSES: ReadonlyMap<string, Meaning> = new Map([
  // Successful completion, warnings and "no data" are no errors.
  ...defects('00', '01', '02'),
  // SQL statement not yet complete
  ...defects('03'),
  // Connection exception
  ['08', 'DATABASE_UNAVAILABLE'],
  // Triggered action, feature not supported, invalid transaction initiation, locator, grantor, role, diagnostics, XQuery,
  // case not found, cardinality
  ...defects('09', '0A', '0B', '0F', '0L', '0P', '0Z', '10', '20', '21'),
  // Data exception, integrity constraint violation, invalid cursor state, invalid transaction state
  ...defects('22', '23', '24', '25'),
  // Invalid statement name, triggered data change
  ...defects('26', '27'),
  // Invalid authorization: the login is refused, also one that was accepted before.
  ['28', 'DATABASE_UNAVAILABLE'],
  // Dependent privileges, invalid transaction termination, routines, cursor names, savepoints
  ...defects('2B', '2D', '2F', '34', '38', '39', '3B'),
  // Invalid catalog name: the database is gone, or was renamed.
  ['3D', 'DATABASE_UNAVAILABLE'],
  // Invalid schema name
  ...defects('3F'),
  // Transaction rollback: serialization failure, deadlock
  ['40', 'CONCURRENT_UPDATE'],
  // Syntax error or access rule violation, WITH CHECK OPTION
  ...defects('42', '44'),
  // Insufficient resources: disk full, out of memory, too many connections
  ['53', 'DATABASE_UNAVAILABLE'],
  // Program limit exceeded, object not in prerequisite state
  ...defects('54', '55'),
  // Operator intervention: shutdown, crash, start, idle_session_timeout, database dropped
  ['57', 'DATABASE_UNAVAILABLE'],
  // System error outside of PostgreSQL: input and output, files
  ['58', 'DATABASE_UNAVAILABLE'],
  // Configuration file error
  ['F0', 'DATABASE_UNAVAILABLE'],
  // Foreign data wrapper, PL/pgSQL, internal error and corrupted data
  ...defects('HV', 'P0', 'XX'),
]);

function defects(...classes: readonly string[]): [string, Meaning][] {
  return classes.map((each) => [each, 'DEFECT']);
}

/** undefined: the code is no SQLSTATE, or of a class that PostgreSQL does not have. */
export function meaningOf(code: string): Meaning | undefined {
  return /^[0-9A-Z]{5}$/.test(code) ? (STATES.get(code) ?? CLASSES.get(code.slice(0, 2))) : undefined;
}

/** The server takes no writes of any session: it is read-only. */
export const READ_ONLY = '25006';

/** disk_full, io_error: writes of other sessions fail as well, while reads may succeed. */
const WRITE_FAILURES: ReadonlySet<string> = new Set(['53100', '58030']);

/** Whether an error of this state says something about all writes. */
export function isWriteFailure(code: string | undefined): boolean {
  return code !== undefined && WRITE_FAILURES.has(code);
}
