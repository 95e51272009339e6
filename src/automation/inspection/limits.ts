/** The limits of automation/inspection/. Previews and statistics. */
export const INSPECTION_LIMITS = {
  /** How long a preview is answered again as it is. */
  previewMs: 5_000,
  /** Previews that a process keeps. */
  keptPreviews: 1_000,
  /** Athletes that a preview names. */
  previewedAthletes: 10,
  /** The longest time that statistics of a trigger are about. */
  statisticsDays: 92,
};
