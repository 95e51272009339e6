/** The athletes of whom the clients report sessions and sets. */
import type { Database } from '../../src/store/database.ts';
import { type Athlete, createAthlete, createTeammate } from '../support/fixtures.ts';
import { linear } from '../support/rule-fixtures.ts';
import { STARTING_MAX } from './books.ts';

const ATHLETES = 20;

export async function createAthletes(database: Database): Promise<Athlete[]> {
  const lifts = { squat: `${STARTING_MAX}` };
  const first = await createAthlete(database, { lifts, rules: [linear()] });
  const athletes = [first];
  while (athletes.length < ATHLETES) {
    athletes.push(await createTeammate(database, first, lifts));
  }
  return athletes;
}
