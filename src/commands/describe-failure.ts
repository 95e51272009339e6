/** Describes the failure of a command for the operator. */
import { ConfigError } from '../config/config.ts';
import { DomainError } from '../errors/domain-error.ts';
import { StartError } from '../errors/start-error.ts';
import { translateDatabaseError } from '../store/database-error.ts';

/**
 * One line for a failure that an operator can act on; the stack trace for anything else, which is a defect.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof StartError || error instanceof ConfigError) {
    return error.message;
  }
  const known = translateDatabaseError(error);
  if (known instanceof DomainError && known.reason === 'DATABASE_UNAVAILABLE') {
    return `the database is not available: ${(known.cause as Error).message.replace(/\s+/g, ' ')}`;
  }
  return error instanceof Error ? `${error.stack}` : String(error);
}
