/** What is prepared while tables are still empty finds its rows by their keys all the same. */
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loggedEvents } from '../../src/automation/evaluation/insert-events.ts';
import { createProgressionClient } from '../support/progression-client.ts';
import { linear } from '../support/rule-fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';
import { openWatchedDatabase, type WatchedDatabase } from '../support/watched-statements.ts';

let db: TestDatabase;
let watched: WatchedDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  watched = openWatchedDatabase(db);
});
afterAll(async () => {
  await watched.database.close();
  await db.close();
});

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** How a statement looks into the table once PostgreSQL plans it for any parameters: by which index, asked for what. */
async function looksOf(text: string, table: string): Promise<string[]> {
  const parameters = new Set(text.match(/\$\d+/g)).size;
  const nulls = Array.from({ length: parameters }, () => 'null').join(', ');
  return db.database.orm.em.fork().transactional(async (em) => {
    const run = (statement: string) =>
      em.getConnection().execute(statement, [], 'all', em.getTransactionContext());
    await run('set local plan_cache_mode = force_generic_plan');
    await run(`prepare young as ${text}`);
    const [row] = await run(`explain (format json) execute young (${nulls})`);
    await run('deallocate young');
    const found: string[] = [];
    const walk = (node: PlanNode): void => {
      if (node['Relation Name'] === table) {
        found.push(`${node['Index Name']}: ${node['Index Cond']}`);
      }
      for (const child of node.Plans ?? []) {
        walk(child);
      }
    };
    walk(row?.['QUERY PLAN'][0].Plan);
    return found;
  });
}

test('a call is looked up by its request, and an event by its identity', async () => {
  const { athlete } = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
  const { accountId, userId, liftIds } = athlete;
  await createProgressionClient(watched.database, { accountId }).handleSessionComplete({
    userId,
    session: {
      ...{ sessionId: uuidv7(), daySlug: 'a', weekNumber: 1 },
      liftsPerformed: Object.values(liftIds),
    },
  });
  const looks = watched.taken().filter((text) => /as request_fingerprint/.test(text));
  expect(looks).toHaveLength(1);

  expect(await looksOf(looks[0] ?? '', 'requests')).toEqual([
    expect.stringMatching(/^requests_pkey: .*account_id.*method.*request_id/),
    expect.stringMatching(/^event_is_recorded_once: .*account_id.*user_id.*trigger_type.*trigger_key/),
  ]);
});

test('an event is looked up in the log by its id', async () => {
  const accountId = uuidv7();
  await db.database.ensureAccount(accountId);
  await watched.database.transaction(accountId, (tx) => loggedEvents(tx, [uuidv7()]));
  const looks = watched.taken().filter((text) => /from events/.test(text));
  expect(looks).toHaveLength(1);

  expect(await looksOf(looks[0] ?? '', 'events')).toEqual([
    expect.stringMatching(/^events_pkey: .*account_id.* AND .*id/),
  ]);
});
