/** What a configuration is held against: the account's events and fields of today, and the server's limits. */
import type { Config } from '../../config/config.ts';
import type { Transaction } from '../../store/database.ts';
import { type AccountTypes, loadAccountTypes } from '../event-types/account-types.ts';

export interface Rulebook {
  readonly types: AccountTypes;
  readonly config: RulebookConfig;
}

export type RulebookConfig = Pick<Config, 'limits' | 'webhooks'>;

/** Two reads. Changes have counted their revision by then, so that it stays true until they are done. */
export async function loadRulebook(tx: Transaction, config: RulebookConfig): Promise<Rulebook> {
  return { types: await loadAccountTypes(tx), config };
}
