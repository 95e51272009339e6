/** The limits of automation/configuration/. What a workflow and its trigger may say. */
export const CONFIGURATION_LIMITS = {
  /** Characters of a workflow's name. */
  workflowNameCharacters: 200,
  /** Characters of a workflow's description. */
  workflowDescriptionCharacters: 2_000,
  /** Actions of a workflow, those within branches included. */
  workflowActions: 50,
  /** How deep branches may be nested. */
  workflowActionDepth: 4,
  /** Paths of a split. */
  splitPaths: 10,
  /** Exits of a workflow. */
  workflowExits: 10,
  /** Tags of a workflow; `tagCharacters` says how long each may be. */
  workflowTags: 20,
  /** All actions of a workflow as they are stored. */
  workflowActionsBytes: 64 * 1024,
  /** Headers of a webhook. */
  webhookHeaders: 20,
  /** Fields of a webhook's form. */
  webhookFormFields: 50,
  /** Characters of a header's value, and of a form's names and values. */
  webhookTextCharacters: 4_096,
  /** Statuses of a webhook that count as success. */
  webhookStatuses: 20,
  /** Characters of a webhook's URL. */
  webhookUrlCharacters: 2_048,
  /** Characters of a cap's name. */
  capNameCharacters: 100,
  /** The longest cooldown, window and wait. */
  longestSpanDays: 400,
  /** The highest limit of enrollments of an athlete. */
  limitedEnrollments: 1_000,
  /** The highest cap of enrollments of all athletes. */
  cappedEnrollments: 1_000_000,
  /** Pairs of an emitted event and a listening workflow that one loop check examines. */
  loopSteps: 50_000,
};
