/** Limits of automation/inspection/: previews and statistics. */
export const INSPECTION_LIMITS = {
  /** How long a preview is cached. */
  previewMs: 5_000,
  /** Previews that a process caches. */
  keptPreviews: 1_000,
  /** Sample athletes in a preview. */
  previewedAthletes: 10,
  /** Longest period of a trigger's statistics, in days. */
  statisticsDays: 92,
  /** Events, and execution logs, that they count at most: the latest ones. */
  statisticsRows: 50_000,
};
