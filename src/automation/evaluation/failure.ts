/** What made an evaluation fail: the event itself, or something that has nothing to do with it. */
import { DomainError } from '../../domain-error.ts';
import { isDefect } from '../../error-table.ts';
import { sqlStateOf } from '../../store/database-error.ts';

/** As dead letters tell it: without values, SQL or stacks. */
export interface Failure {
  /** As in google.rpc.ErrorInfo. */
  readonly reason: string;
  readonly message: string;
}

/** Classes of SQLSTATEs that speak of the values in a statement: data, integrity, limits of what can be stored. */
const CLASSES_OF_VALUES = new Set(['22', '23', '54']);

/**
 * Whether the same event would fail again on a healthy system. A database that is away, busy or not as it should be
 * says nothing about the event.
 */
export function isOfEvent(error: unknown): boolean {
  if (error instanceof DomainError) {
    return error.reason === 'VALUE_OUT_OF_RANGE' || error.reason === 'INTERNAL';
  }
  const state = sqlStateOf(error);
  return state === undefined ? !hasDriverCode(error) : CLASSES_OF_VALUES.has(state.slice(0, 2));
}

/** Errors of the operating system have a code as well. */
function hasDriverCode(error: unknown): boolean {
  return error instanceof Error && ('code' in error || hasDriverCode(error.cause));
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof DomainError && !isDefect(error)) {
    return { reason: error.reason, message: error.message };
  }
  const state = sqlStateOf(error);
  const kind = error instanceof Error ? error.name : 'an error';
  return { reason: 'INTERNAL', message: state ? `PostgreSQL refused it: ${state}` : `it failed: ${kind}` };
}
