/** Foreign keys include the account: a row cannot refer to another account's row, even for a superuser. */
import { type RawBuilder, sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { readRows } from '../store/schema-dump.ts';
import { insertAutomationRows } from '../support/automation-rows.ts';
import { amrap, deload, linear, stages } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

interface ForeignKey {
  readonly name: string;
  readonly source: string;
  readonly target: string;
  /** Without the account. */
  readonly from: string[];
  readonly to: string[];
}

const db = useTestDatabase();
let keys: ForeignKey[];
const accountIds: string[] = [];
beforeAll(async () => {
  for (const _ of ['mine', 'theirs']) {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [linear(), amrap(), deload({ failureThreshold: 2 }), stages()],
    });
    await trainee.train('squat 5/5 8/5+ 3/5');
    const { accountId, userId } = trainee.athlete;
    await insertAutomationRows(db.database, accountId, userId);
    await db.database.transaction(accountId, (tx) =>
      sql`insert into enrollment_overrides (account_id, id, user_id, enrollment_id, program_progression_id, lift_id, is_off)
          select e.account_id, gen_random_uuid(), e.user_id, e.id, r.id, l.lift_id, true
          from enrollments e
            join program_progressions r on r.account_id = e.account_id and r.program_id = e.program_id
            join program_lifts l on l.account_id = e.account_id and l.program_id = e.program_id
          where e.account_id = ${accountId} limit 1`.execute(tx.sql),
    );
    await db.database.transaction(accountId, (tx) =>
      sql`insert into set_corrections (account_id, id, user_id, session_id, lift_id, set_number, before, reason, actor,
            recorded_at)
          select account_id, gen_random_uuid(), user_id, session_id, lift_id, set_number, '{}', '', '', now()
          from logged_sets where account_id = ${accountId} limit 1`.execute(tx.sql),
    );
    await db.database.transaction(accountId, (tx) =>
      sql`insert into equipment (account_id, id, user_id, bars, plates, steps, rounding, updated_at)
          values (${accountId}, gen_random_uuid(), ${userId}, '[]', '[]', '[]', 'UP', now())`.execute(tx.sql),
    );
    accountIds.push(accountId);
  }
  keys = await readRows<ForeignKey>(
    db.database,
    sql`select k.conname as name, k.conrelid::regclass::text as source, k.confrelid::regclass::text as target,
          array_agg(s.attname::text order by n) filter (where n > 1) as from,
          array_agg(t.attname::text order by n) filter (where n > 1) as to
        from pg_constraint k, unnest(k.conkey, k.confkey) with ordinality as u(s_num, t_num, n),
          pg_attribute s, pg_attribute t
        where k.contype = 'f' and k.connamespace = 'public'::regnamespace and k.conparentid = 0
          and s.attrelid = k.conrelid and s.attnum = s_num and t.attrelid = k.confrelid and t.attnum = t_num
          and not exists (select from pg_attribute g
            where g.attrelid = k.conrelid and g.attnum = any(k.conkey) and g.attgenerated <> '')
        group by k.oid having count(*) > 1 order by k.conname`,
  );
});

function columns(names: readonly string[]): RawBuilder<unknown> {
  return sql.join(names.map((name) => sql.ref(name)));
}

test('no foreign key leads from a row of one account to a row of another', async () => {
  const [mine, theirs] = accountIds;
  const reached: string[] = [];
  for (const { name, source, target, from, to } of keys) {
    const point = sql`
      update ${sql.table(source)} set (${columns(from)}) = (select ${columns(to)} from ${sql.table(target)}
        where account_id = ${theirs} limit 1)
      where ctid = (select ctid from ${sql.table(source)} where account_id = ${mine} limit 1)`;
    const refusal = await db.database.orm.em
      .fork()
      .transactional(async (em) => {
        await sql`set constraints all immediate`.execute(em.getKysely());
        const { numAffectedRows } = await point.execute(em.getKysely());
        expect(numAffectedRows, `the fixture has rows for ${name}`).toBe(1n);
      })
      .then(
        () => 'none',
        ({ code }) => code,
      );
    if (refusal !== '23503') {
      reached.push(`${name}: ${refusal}`);
    }
  }

  expect(keys.length).toBeGreaterThan(20);
  expect(reached).toEqual([]);
});
