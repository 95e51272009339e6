/**
 * A setting that cannot be: one line for the operator, naming the variable and what is allowed.
 * Why the process cannot start, in one line that an operator can act on.
 */

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export class StartError extends Error {
  override readonly name = 'StartError';
}
