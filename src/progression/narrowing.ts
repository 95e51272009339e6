/** The conditions that a list's filters state, and the same as texts, for the page token to be bound to. */
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from '../store/database.ts';
import { instantOfField, instantToText } from '../values/instant.ts';

/** Starts with the account; each filter that is set narrows it. */
export class Narrowing {
  readonly filter: string[];
  readonly #conditions: RawBuilder<unknown>[];

  constructor(method: string, ofAccount: RawBuilder<unknown>, accountId: string) {
    this.filter = [method, accountId];
    this.#conditions = [ofAccount];
  }

  get where(): RawBuilder<unknown> {
    return sql.join(this.#conditions, sql` and `);
  }

  /** `value` as the caller gave it; empty: not asked for. */
  by(value: string, condition: RawBuilder<unknown>): this {
    this.filter.push(value);
    if (value !== '') {
      this.#conditions.push(condition);
    }
    return this;
  }

  /** From `startTime` until before `endTime`. VALIDATION_FAILED for what is no time. */
  during(column: RawBuilder<unknown>, asked: { startTime?: Timestamp; endTime?: Timestamp }): this {
    const { startTime, endTime } = asked;
    const start = startTime ? instantToText(instantOfField(startTime, 'start_time')) : '';
    const end = endTime ? instantToText(instantOfField(endTime, 'end_time')) : '';
    return this.by(start, sql`${column} >= ${start}::timestamptz`).by(
      end,
      sql`${column} < ${end}::timestamptz`,
    );
  }

  async count(tx: Transaction, from: RawBuilder<unknown>): Promise<number> {
    const { rows } = await sql<{ count: string }>`
      select count(*) from ${from} where ${this.where}`.execute(tx.sql);
    return Number(rows[0]?.count);
  }
}
