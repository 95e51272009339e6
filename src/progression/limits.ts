/** The limits of progression/. Batches, simulations and imports. */
export const PROGRESSION_LIMITS = {
  /** Events of one batch that wait or run at the same time. */
  batchedEvents: 128,
  /** How many weeks ahead a simulation goes. */
  simulatedWeeks: 260,
  /** The longest file of a training log. */
  trainingLogBytes: 20 * 1024 * 1024,
  /** Files that a process imports at the same time. */
  imports: 4,
  /** Those of one account. */
  importsPerAccount: 1,
  /** What reading one file may take of memory, beside the file. */
  importMegabytes: 512,
  /** Unused rows that a report names for each reason. */
  namedRows: 100,
};
