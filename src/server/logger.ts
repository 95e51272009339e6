/**
 * Writes JSON log lines to standard error. Every field is listed; objects of a call are never spread into a
 * line.
 */
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** The lowest level that is written: fatal, error, warn, info, debug or silent. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return destination ? pino(options, destination) : pino(options);
}

/** The part of an error that may be logged; see `describeCause`. */
export interface DescribedCause {
  readonly name: string;
  readonly message?: string;
  readonly sqlState?: string;
  readonly constraint?: string;
  readonly stack: string[];
  readonly cause?: DescribedCause;
}

/**
 * What the log says about a defect: names, stack frames and, for database errors, SQLSTATE and constraint
 * instead of the message, which would quote SQL and values.
 */
export function describeCause(error: unknown): DescribedCause {
  if (!(error instanceof Error)) {
    return { name: typeof error, stack: [] };
  }
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const fromDatabase = causesOf(error).some((at) => 'severity' in at);
  return {
    name: error.name,
    ...(fromDatabase ? {} : { message: error.message }),
    ...(fromDatabase && typeof code === 'string' ? { sqlState: code } : {}),
    ...(typeof constraint === 'string' ? { constraint } : {}),
    stack: framesOf(error),
    ...(error.cause === undefined ? {} : { cause: describeCause(error.cause) }),
  };
}

function causesOf(error: Error): Error[] {
  return error.cause instanceof Error ? [error, ...causesOf(error.cause)] : [error];
}

/** The stack without its first lines, which repeat the message. */
function framesOf(error: Error): string[] {
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim());
  return lines.filter((line) => line.startsWith('at '));
}
