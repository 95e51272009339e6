/** The limits of automation/secrets/. What an account may keep as secrets. */
export const SECRET_LIMITS = {
  /** Secrets of an account. */
  secrets: 100,
  /** Characters of a secret. */
  secretCharacters: 4_096,
  /** How often secrets that the previous key encrypted are looked for, while there is one. */
  resealIntervalMs: 60_000,
};
