/** Concurrent events of many accounts share transactions only with events of their own account. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { createProgramLoader } from '../../src/progression/engine/load-program.ts';
import type { TriggerCommand } from '../../src/progression/engine/trigger-command.ts';
import { createUnitOfWork } from '../../src/progression/engine/unit-of-work.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { readRows } from '../store/schema-dump.ts';
import { type Athlete, createAthlete, createTeammate } from '../support/fixtures.ts';
import { linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createAccountClients } from './account-client.ts';

const ACCOUNTS = 8;
const ATHLETES = 12;

const db = useTestDatabase();

/** The athletes of an account whose rule adds `increment` to maxes of 100. */
async function createTeam(increment: number): Promise<Athlete[]> {
  const rules = [linear({ increment: `${increment}` })];
  const first = await createAthlete(db.database, { lifts: { squat: '100' }, rules });
  const team = [first];
  while (team.length < ATHLETES) {
    team.push(await createTeammate(db.database, first, { squat: '100' }));
  }
  return team;
}

test('concurrent events of several accounts go into transactions of one account each', async () => {
  const teams = await Promise.all(Array.from({ length: ACCOUNTS }, (_, place) => createTeam(place + 1)));
  const clientOf = createAccountClients(db.database);
  const clients = teams.map(([first]) => clientOf(`${first?.accountId}`));
  const byTurns = Array.from({ length: ATHLETES }, (_, athlete) => teams.map((team) => team[athlete])).flat();

  await Promise.all(
    byTurns.map((athlete, index) =>
      clients[index % ACCOUNTS]?.progression.handleSessionComplete({
        userId: athlete?.userId,
        session: {
          ...{ sessionId: uuidv7(), daySlug: 'a', weekNumber: 1 },
          liftsPerformed: Object.values(athlete?.liftIds ?? {}),
        },
      }),
    ),
  );

  const transactions = await readRows<{ events: number; accounts: number }>(
    db.database,
    sql`select count(*)::int as events, count(distinct account_id)::int as accounts from outbox group by xmin::text`,
  );
  expect(transactions.reduce((sum, { events }) => sum + events, 0)).toBe(ACCOUNTS * ATHLETES);
  expect(Math.max(...transactions.map(({ events }) => events))).toBeGreaterThan(1);
  expect(transactions.every(({ accounts }) => accounts === 1)).toBe(true);
  const maxes = await readRows<{ account_id: string; value: string }>(
    db.database,
    sql`select distinct account_id, value::float8 as value from lift_maxes where version > 1`,
  );
  const expected = teams.map(([first], place) => ({ account_id: first?.accountId, value: 101 + place }));
  expect(maxes).toHaveLength(ACCOUNTS);
  expect(maxes).toEqual(expect.arrayContaining(expected));
});

test('a group of two accounts is a defect, and changes nothing', async () => {
  const unitOfWork = createUnitOfWork(db.database, createProgramLoader(1), systemClock);
  const commands = [uuidv7(), uuidv7()].map(
    (accountId) => ({ accountId, userId: uuidv7() }) as TriggerCommand,
  );

  await expect(unitOfWork.run(commands, 0)).rejects.toThrow('the commands of a group are of one account');
});
