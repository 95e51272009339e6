/** A setting that cannot be: one line for the operator, naming the variable and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
