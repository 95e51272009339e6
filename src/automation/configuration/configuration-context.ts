/** What validation needs of the account and the server: current event types and fields, and limits. */
import type { Config } from '../../config/config.ts';
import type { Transaction } from '../../store/database.ts';
import { type AccountTypes, loadAccountTypes } from '../event-types/account-types.ts';

export interface ConfigurationContext {
  readonly types: AccountTypes;
  readonly config: ContextConfig;
}

export type ContextConfig = Pick<Config, 'limits' | 'webhooks'>;

/** Two queries. The caller has incremented the account's revision, so that the result holds until its commit. */
export async function loadConfigurationContext(
  tx: Transaction,
  config: ContextConfig,
): Promise<ConfigurationContext> {
  return { types: await loadAccountTypes(tx), config };
}
