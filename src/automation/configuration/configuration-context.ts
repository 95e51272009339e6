/** What a configuration change needs of the account and the server, and its result. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Config } from '../../config/config.ts';
import type { WarningSchema } from '../../gen/automation/v1/trigger_pb.ts';
import type { Transaction } from '../../store/database.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { type AccountTypes, loadAccountTypes } from '../event-types/account-types.ts';
import type { WorkflowWithTrigger } from './workflows.ts';

export interface ConfigurationContext {
  readonly types: AccountTypes;
  readonly config: ContextConfig;
}

export type ContextConfig = Pick<Config, 'limits' | 'webhooks' | 'secretKeys'>;

/** Two queries. The caller has incremented the account's revision, so that the result holds until its commit. */
export async function loadConfigurationContext(
  tx: Transaction,
  config: ContextConfig,
): Promise<ConfigurationContext> {
  return { types: await loadAccountTypes(tx), config };
}

export type Warning = MessageInitShape<typeof WarningSchema>;

export interface Configured extends WorkflowWithTrigger {
  /** Warnings that did not prevent the change. */
  readonly warnings: readonly Warning[];
}

export interface ConfiguredTrigger {
  readonly trigger: WorkflowTrigger;
  readonly warnings: readonly Warning[];
}
