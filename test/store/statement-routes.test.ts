/** The guard over statements: which forms could not run with the tables distributed by account. */
import { expect, test } from 'vitest';
import { type Fault, faultsOverAccounts, routeStatement } from '../support/statement-routes.ts';

const functions = {
  notImmutable: new Set(['jsonb_agg', 'now', 'convert_to', 'nextval']),
  volatile: new Set(['nextval']),
  drawing: new Map([['outbox', 'sequence']]),
};

test.each<[string, string]>([
  ['a constant for the only relation', 'select 1 from users where account_id = $1 and id = $2'],
  ['a literal', `select 1 from users where account_id = '0b8ff6a2-0000-4000-8000-000000000000'`],
  ['the account itself', 'select 1 from accounts where id = $1'],
  [
    'a join by account',
    'select 1 from users u join lifts l on l.account_id = u.account_id where u.account_id = $1',
  ],
  [
    'a join using the account',
    'select 1 from users u join lifts l using (account_id) where u.account_id = $1',
  ],
  [
    'an outer join by account',
    'select 1 from users u left join lifts l on l.account_id = u.account_id where u.account_id = $1',
  ],
  ['row values', 'select 1 from users where (account_id, id) = ($1, $2)'],
  ['a list of row values', 'update users set name = $1 where (account_id, id) in (($2, $3), ($2, $4))'],
  [
    'a constant in each query',
    'select (select 1 from lifts where account_id = $1) from users where account_id = $1',
  ],
  ['a common table', 'with u as (select * from users where account_id = $1) select * from u'],
  [
    'both sides of a union',
    'select 1 from users where account_id = $1 union all select 1 from lifts where account_id = $1',
  ],
  [
    'a lateral query with a constant',
    'select 1 from unnest($2::uuid[]) k cross join lateral (select 1 from users where account_id = $1 and id = k limit 1) u',
  ],
  ['values', 'insert into outbox (account_id, id) values ($1, $2), ($1, $3)'],
  [
    'rows beside the account',
    'insert into users (account_id, id) select a.id, u.* from accounts a cross join unnest($2::uuid[]) u where a.id = $1',
  ],
  [
    'rows of the same account',
    'insert into outbox (account_id, id, sequence) select account_id, id, 1 from users where account_id = $1',
  ],
  ['a change', 'update users set name = $2, updated_at = now() where account_id = $1'],
  [
    'a change from another relation',
    'update users u set name = l.name from lifts l where u.account_id = $1 and l.account_id = u.account_id',
  ],
  ['a removal', 'delete from users u using unnest($2::uuid[]) k where u.account_id = $1 and u.id = k'],
  ['a setting of the transaction', `set local progression.account_id = 'x'`],
  ['locks of the coordinator alone', 'select pg_advisory_xact_lock(1)'],
])('a statement with %s runs on the shards of one account', (_, text) => {
  expect(routeStatement(text, functions).faults).toEqual([]);
});

test.each<[Fault, string]>([
  ['a relation without a constant account', 'select 1 from users where id = $1'],
  ['a relation without a constant account', 'select 1 from users where account_id = $1 or id = $2'],
  [
    'a relation without a constant account',
    'select 1 from users u join lifts l on l.id = u.id where u.account_id = $1',
  ],
  ['a relation without a constant account', 'select 1 from users u left join lifts l on u.account_id = $1'],
  [
    'a relation without a constant account',
    'select exists (select from lifts l where l.account_id = u.account_id) from users u where u.account_id = $1',
  ],
  [
    'a relation without a constant account',
    'select 1 from users where account_id = $1 union select 1 from lifts',
  ],
  [
    'a relation without a constant account',
    'with u as (select * from users) select * from u where account_id = $1',
  ],
  ['a relation without a constant account', 'update users set name = $1 where (id, name) in (($2, $3))'],
  ['a relation without a constant account', 'update users set name = $1 where id = $2'],
  [
    'an insert whose rows go through the coordinator',
    'insert into users (account_id, id) select $1::uuid, u from unnest($2::uuid[]) u',
  ],
  [
    'an insert whose rows go through the coordinator',
    'insert into outbox (account_id, id) select a.id, u from accounts a cross join unnest($2::uuid[]) u where a.id = $1',
  ],
  [
    'an insert whose rows go through the coordinator',
    'with gone as (delete from users where account_id = $1 returning *) insert into lifts (account_id, id) select account_id, id from gone',
  ],
  [
    'a function of the coordinator beside a relation',
    'select 1 from users where account_id = $1 and pg_try_advisory_xact_lock(1)',
  ],
  [
    'a function of the coordinator beside a relation',
    'select 1 from events where account_id = $1 and transaction_id < pg_snapshot_xmin(pg_current_snapshot())',
  ],
  [
    'a volatile or stable function over columns in a change',
    `update users set name = convert_to(name, 'UTF8') where account_id = $1`,
  ],
  [
    'a function that is not immutable in DO UPDATE',
    'insert into users (account_id, id) values ($1, $2) on conflict (id) do update set updated_at = now()',
  ],
  ['a volatile function in a change', `update users set level = nextval('s') where account_id = $1`],
  ['a slice of an array in a change', 'update users set tags = tags[1:3] where account_id = $1'],
  ['a setting that stays on the coordinator', `select set_config('lock_timeout', '1', true)`],
  ['a setting for longer than the transaction', `set lock_timeout = '1'`],
  ['several statements in one text', 'select 1; select 2'],
  ['not a statement on rows', 'create table t ()'],
])('the guard finds %s: %s', (fault, text) => {
  expect(routeStatement(text, functions).faults).toEqual([fault]);
});

test('the guard tells which accounts a statement is of', () => {
  const text = `select 1 from users u join lifts l on l.account_id = 'a' where u.account_id = $2::uuid`;
  expect(routeStatement(text, functions).accounts).toEqual([{ parameter: 2 }, { literal: 'a' }]);
});

test.each<[readonly Fault[], string]>([
  [[], 'select account_id from outbox where evaluated_at is null group by account_id order by 1 limit 5'],
  [[], 'select id from accounts a where exists (select from events e where e.account_id = a.id)'],
  [
    ['a recursive query over accounts'],
    'with recursive w as (select account_id from outbox union all select * from w) select * from w',
  ],
  [
    ['a lateral query over accounts'],
    'select 1 from accounts a cross join lateral (select 1 from events e limit 1) l',
  ],
  [['a lock or a change over accounts'], 'select 1 from outbox for update'],
  [['a lock or a change over accounts'], 'delete from outbox'],
  [['a join over accounts'], 'select 1 from outbox o join events e on e.id = o.id'],
])('over all accounts, the guard finds %j: %s', (faults, text) => {
  expect(faultsOverAccounts(text)).toEqual(faults);
});
