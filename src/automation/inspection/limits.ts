/** Limits of automation/inspection/: previews and statistics. */
export const INSPECTION_LIMITS = {
  /** How long a preview is cached. */
  previewMs: 5_000,
  /** Previews that a process caches. */
  keptPreviews: 1_000,
  /** Sample athletes in a preview. */
  previewedAthletes: 10,
  /** Athletes that a preview looks at: those that were added last. */
  examinedAthletes: 20_000,
  /** Longest period of statistics, in days. */
  statisticsDays: 92,
  /** Events, execution logs or runs that they count at most: the latest ones. */
  statisticsRows: 50_000,
  /** Events that a simulation of a period decides: the latest ones. */
  simulatedEvents: 1_000,
};
