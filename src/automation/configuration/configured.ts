/** What a change of a configuration answers. */
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import type { Warning } from './loops/guard-loops.ts';
import type { WorkflowWithTrigger } from './workflows.ts';

export interface Configured extends WorkflowWithTrigger {
  /** What did not prevent the change, but should be looked at. */
  readonly warnings: readonly Warning[];
}

export interface ConfiguredTrigger {
  readonly trigger: WorkflowTrigger;
  readonly warnings: readonly Warning[];
}
