/**
 * Errors that keep the process from starting: one line that an operator can act on, naming the setting and
 * what is allowed.
 */

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export class StartError extends Error {
  override readonly name = 'StartError';
}
