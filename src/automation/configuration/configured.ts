/** The result of a configuration change. */
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import type { Warning } from './loops/guard-loops.ts';
import type { WorkflowWithTrigger } from './workflows.ts';

export interface Configured extends WorkflowWithTrigger {
  /** Warnings that did not prevent the change. */
  readonly warnings: readonly Warning[];
}

export interface ConfiguredTrigger {
  readonly trigger: WorkflowTrigger;
  readonly warnings: readonly Warning[];
}
