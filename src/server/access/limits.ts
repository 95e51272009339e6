/** The limits of server/access/. The keys of the tokens' issuer. */
export const ACCESS_LIMITS = {
  /** How often the keys are fetched. */
  keysRefreshMs: 5 * 60_000,
  /** How soon they are fetched again when a token names an unknown one. */
  keysCooldownMs: 30_000,
  /** How long the issuer may take to answer. */
  keysTimeoutMs: 3_000,
  /** How much the issuer may answer. */
  keysBytes: 256 * 1024,
};
