/** The limits of athletes/. What is kept of an athlete. */
export const ATHLETE_LIMITS = {
  /** An athlete's tags. */
  tags: 100,
  /** Characters of a tag, also where an action or a filter names it. */
  tagCharacters: 100,
  /** An athlete's attributes. */
  attributes: 100,
  /** All attributes of an athlete as JSON. */
  attributesBytes: 16 * 1024,
};
