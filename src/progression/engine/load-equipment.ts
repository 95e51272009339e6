/** Reads what an athlete's loads are rounded to. */
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import type { StoredEquipment } from '../../store/entities/equipment.ts';
import { effectiveEquipment } from '../evaluation/equipment/equipment.ts';

type EquipmentRow = StoredEquipment & { readonly user_id: string | null };

/** As it was set for the athlete (null: for no athlete), and with the account's. */
export interface LoadedEquipment {
  readonly own: StoredEquipment | null;
  readonly effective: StoredEquipment | null;
}

export async function loadEquipment(tx: Transaction, userId: string | null): Promise<LoadedEquipment> {
  const { rows } = await sql<EquipmentRow>`
    select user_id, bars, plates, steps, rounding from equipment
    where account_id = ${tx.accountId} and (user_id is null or user_id = ${userId})`.execute(tx.sql);
  const find = (id: string | null): StoredEquipment | null => {
    const row = rows.find(({ user_id }) => user_id === id);
    return row ? { bars: row.bars, plates: row.plates, steps: row.steps, rounding: row.rounding } : null;
  };
  const ofAccount = find(null);
  const own = userId === null ? ofAccount : find(userId.toLowerCase());
  return { own, effective: effectiveEquipment(own, ofAccount) };
}
