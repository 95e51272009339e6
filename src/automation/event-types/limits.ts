/** The limits of automation/event-types/. What events may say, and what an account may define. */
export const EVENT_TYPE_LIMITS = {
  /** An event's data with its state before, as JSON. */
  eventBytes: 16 * 1024,
  /** Fields of a published event that its type does not know, as JSON. */
  furtherDataBytes: 4 * 1024,
  /** How deep they may be nested. */
  eventDepth: 5,
  /** Event types of an account. */
  customEventTypes: 200,
  /** Fields of one of them. */
  customEventFields: 50,
  /** Fields of athletes and answers that an account defines. */
  accountFields: 500,
  /** Characters of the name of an event, a field or an attribute, without its prefix. */
  fieldNameCharacters: 50,
  /** Characters of their description. */
  fieldDescriptionCharacters: 500,
};
