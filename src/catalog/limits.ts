/** The limits of catalog/. What may be configured. */
export const CATALOG_LIMITS = {
  /** What the plates of one unit make on one side, in steps of the largest weight that divides them all. */
  plateSteps: 20_000,
};
