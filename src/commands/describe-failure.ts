/** What is said of a command that failed. */
import { ConfigError } from '../config.ts';
import { DomainError } from '../domain-error.ts';
import { StartError } from '../start-error.ts';
import { translateDatabaseError } from '../store/database-error.ts';

/** What an operator can act on is one line; anything else is a defect, and its stack says where. */
export function describeFailure(error: unknown): string {
  if (error instanceof StartError || error instanceof ConfigError) {
    return error.message;
  }
  const known = translateDatabaseError(error);
  if (known instanceof DomainError && known.reason === 'DATABASE_UNAVAILABLE') {
    return `the database went away: ${(known.cause as Error).message.replace(/\s+/g, ' ')}`;
  }
  return error instanceof Error ? `${error.stack}` : String(error);
}
