/** How often a call waits for PostgreSQL when it is alone: statements that need no other's answer are sent together. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { textOf, watchClients } from '../../support/pooled-clients.ts';
import { linear } from '../../support/rule-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTrainee, type Trainee } from '../../support/trainee.ts';

const db = useTestDatabase();

/** The statements of each wait: those that were sent before all answers of the wait had arrived. */
let waits: string[][] = [];
let database: Database;
let trainee: Trainee;
beforeAll(async () => {
  database = db.open();
  let open = 0;
  watchClients(database, (client) => {
    const query = client.query.bind(client);
    client.query = (...args) => {
      if (open === 0) {
        waits.push([]);
      }
      waits.at(-1)?.push(textOf(args));
      open += 1;
      const answer = query(...args);
      const settle = () => {
        open -= 1;
      };
      answer.then(settle, settle);
      return answer;
    };
  });
  const lifts = { squat: '100', bench: '60', press: '40' };
  trainee = await createTrainee(database, { lifts, rules: [linear()] });
  // The program is cached and its statements are prepared.
  await trainee.startSession().finish('squat bench press');
});
afterAll(() => database.close());

test('a finished session waits for the lock and the ledger, for the rows that its rules read, and for the commit', async () => {
  waits = [];
  await trainee.startSession().finish('squat bench press');
  expect(waits.map((statements) => statements.length)).toEqual([4, 3, 5]);
});
