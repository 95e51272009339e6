/** The limits of automation/liquid/. What a template may use. */
export const LIQUID_LIMITS = {
  /** Characters of a template. */
  templateCharacters: 16_384,
  /** How long one template may take. */
  templateMs: 250,
  /** What liquidjs counts as allocated: about the characters and elements that a template makes. */
  templateMemory: 262_144,
  /** Characters of a rendered text. */
  renderedCharacters: 65_536,
};
