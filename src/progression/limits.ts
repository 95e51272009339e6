/** The limits of progression/. Batches and simulations. */
export const PROGRESSION_LIMITS = {
  /** Events of one batch that wait or run at the same time. */
  batchedEvents: 128,
  /** How many weeks ahead a simulation goes. */
  simulatedWeeks: 260,
};
