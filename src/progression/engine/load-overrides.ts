/** Reads an enrollment's overrides, in the statement that finds the enrollment. */
import { Decimal } from 'decimal.js';
import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { instantFromText } from '../../values/instant.ts';
import { overrideKey, type RuleOverrides } from '../evaluation/program-rules.ts';

/** As the statement returns them; null: there are none. */
export type OverrideRows =
  | readonly {
      readonly id: string;
      readonly row: string;
      readonly lift: string | null;
      readonly is_off: boolean;
      readonly increment: string | null;
      readonly min_value: string | null;
      readonly max_value: string | null;
      readonly expires_at: string | null;
    }[]
  | null;

/** A scalar subquery: the overrides of the enrollment, as JSON. */
export function overridesOf({ accountId }: Transaction, enrollmentId: RawBuilder<unknown>) {
  return sql`(
    select json_agg(json_build_object('id', o.id, 'row', o.program_progression_id, 'lift', o.lift_id,
      'is_off', o.is_off, 'increment', o.increment::text, 'min_value', o.min_value::text,
      'max_value', o.max_value::text, 'expires_at', o.expires_at::text))
    from enrollment_overrides o
    where o.account_id = ${accountId} and o.enrollment_id = ${enrollmentId})`;
}

export function readOverrides(rows: OverrideRows): RuleOverrides {
  return new Map(
    (rows ?? []).map((row) => [
      overrideKey(row.row, row.lift),
      {
        overrideId: row.id,
        isOff: row.is_off,
        increment: decimalOf(row.increment),
        minValue: decimalOf(row.min_value),
        maxValue: decimalOf(row.max_value),
        expiresAt: row.expires_at === null ? null : instantFromText(row.expires_at),
      },
    ]),
  );
}

function decimalOf(text: string | null): Decimal | null {
  return text === null ? null : new Decimal(text);
}
