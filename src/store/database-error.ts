/** Converts the errors of PostgreSQL, the driver and the network to domain errors. */
import { DomainError, type Reason } from '../errors/domain-error.ts';
import { meaningOf } from './sql-states.ts';

/** Constraints that a caller can violate. Every other violation is a defect. */
const CONSTRAINT_REASONS: Readonly<Record<string, [Reason, string]>> = {
  users_pkey: ['USER_EXISTS', 'a user with this id exists'],
  live_lift_slug_is_unique: ['SLUG_TAKEN', 'a lift with this slug exists'],
  live_program_slug_is_unique: ['SLUG_TAKEN', 'a program with this slug exists'],
  program_progression_is_unique: [
    'PROGRAM_PROGRESSION_EXISTS',
    'the program has this progression for this lift already',
  ],
  program_lift_is_a_lift: ['LIFT_NOT_FOUND', 'a lift of the program does not exist'],
  program_progression_belongs_to_program: ['PROGRAM_NOT_FOUND', 'the program does not exist'],
  program_progression_is_a_progression: ['PROGRESSION_NOT_FOUND', 'the progression does not exist'],
  program_progression_lift_is_in_program: ['LIFT_NOT_IN_PROGRAM', 'the lift is not in the program'],
  one_active_enrollment_per_user: ['ALREADY_ENROLLED', 'the user has an active enrollment'],
  one_live_trigger_per_workflow: ['TRIGGER_EXISTS', 'Trigger already exists'],
};

/** The operating system's network errors. */
const NETWORK_FAILURES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** What a cluster's coordinator says, as an internal error, when a node is lost while it answers. */
const LOST_NODE =
  /server closed the connection|could not (receive|send) data|no connection to the server|connection not open/;

/** The ending that a shard's constraint has behind the name of its table's. */
const SHARD = /_\d{6,}$/;

/** Messages of the driver that have no code. */
const CONNECTION_COMPLAINT =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

interface DriverError {
  code?: string;
  constraint?: string;
  message?: string;
  /** The function of PostgreSQL that reports the error. */
  routine?: string;
}

/** The name of a unique constraint that a concurrent transaction won; undefined for other errors. */
export function violatedUniqueConstraint(error: unknown): string | undefined {
  const driver = driverErrorOf(error);
  return driver?.code === '23505' ? constraintOf(driver) : undefined;
}

/** A coordinator passes on the message of a node without the name of the constraint; the message has it in quotes. */
function constraintOf({ constraint, message = '' }: DriverError): string | undefined {
  const [, named] = /constraint "([^"]+)"/.exec(message) ?? [];
  return (constraint ?? named)?.replace(SHARD, '');
}

/** The SQLSTATE of an error; undefined when it does not come from PostgreSQL. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = driverErrorOf(error)?.code;
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

const INTERNAL_ERROR = 'XX000';

/** feature_not_supported: of many functions, among them the one that checks a prepared statement against the schema. */
const NOT_SUPPORTED = '0A000';

/** Whether a statement was prepared before a change of the schema that changes its result. */
export function isStalePlan(error: unknown): boolean {
  const driver = driverErrorOf(error);
  return driver?.code === NOT_SUPPORTED && driver.routine === 'RevalidateCachedQuery';
}

/** The domain error, where there is one; other errors are returned unchanged, and are logged as defects. */
export function translateDatabaseError(error: unknown): unknown {
  const driver = driverErrorOf(error);
  if (error instanceof DomainError || !driver) {
    return error;
  }
  const code = driver.code ?? '';
  const reason = isStalePlan(error) ? 'CONCURRENT_UPDATE' : reasonFor(code, driver.message ?? '');
  if (reason !== 'DEFECT') {
    return new DomainError(reason, MESSAGES[reason], { cause: error });
  }
  const rule = code.startsWith('23') ? CONSTRAINT_REASONS[constraintOf(driver) ?? ''] : undefined;
  return rule ? new DomainError(rule[0], rule[1], { cause: error }) : error;
}

const MESSAGES = {
  CONCURRENT_UPDATE: 'a concurrent change was in the way; try again',
  DEADLINE_EXCEEDED: 'the deadline passed',
  DATABASE_UNAVAILABLE: 'the database is not available; try again',
  VALUE_OUT_OF_RANGE: 'a value has more than 12 digits before the point',
} as const;

function reasonFor(code: string, message: string): keyof typeof MESSAGES | 'DEFECT' {
  const isConnectionFailure =
    NETWORK_FAILURES.has(code) ||
    CONNECTION_COMPLAINT.test(message) ||
    (code === INTERNAL_ERROR && LOST_NODE.test(message));
  return isConnectionFailure ? 'DATABASE_UNAVAILABLE' : (meaningOf(code) ?? 'DEFECT');
}

/** MikroORM wraps the driver's error; SQLSTATE and constraint are on it or on its cause. */
function driverErrorOf(error: unknown): DriverError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const driver = at as DriverError;
    if (typeof driver.code === 'string') {
      return driver;
    }
    if (CONNECTION_COMPLAINT.test(at.message)) {
      return driver;
    }
  }
  return undefined;
}
