/** Random programs and histories: the results through the RPCs and the tables equal those of the engine in memory. */
import { ConnectError } from '@connectrpc/connect';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import {
  LIFTS,
  type RandomProgram,
  randomHistory,
  randomProgram,
} from '../progression/evaluation/arbitrary-program.ts';
import { createScenario } from '../progression/evaluation/scenario.ts';
import type { RuleFixture } from '../support/fixtures.ts';
import { findBrokenChains } from '../support/lift-max-chains.ts';
import { createProgressionClient, type ProgressionClient } from '../support/progression-client.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee, traineeWith } from '../support/trainee.ts';

const HISTORIES = 300;
const AT_ONCE = 50;
const SEED = 20_260_301;

/** One account and one server process for all, so that events share transactions. */
const ACCOUNT_ID = uuidv7();
const db = useTestDatabase();
let client: ProgressionClient;
beforeAll(async () => {
  client = createProgressionClient(db.database, { accountId: ACCOUNT_ID });
  // The lifts that all of them share.
  const lifts = Object.fromEntries(LIFTS.map((lift) => [lift, null]));
  await createTrainee(db.database, { accountId: ACCOUNT_ID, lifts });
});

interface Example {
  readonly program: RandomProgram;
  readonly events: readonly string[];
}

const example: fc.Arbitrary<Example> = randomProgram.chain((program) =>
  fc.record({ program: fc.constant(program), events: randomHistory(program.rules.length) }),
);

test(`over ${HISTORIES} random histories, ${AT_ONCE} athletes at a time, the tables and the engine agree`, {
  timeout: 240_000,
}, async () => {
  const examples = fc.sample(example, { numRuns: HISTORIES, seed: SEED });
  for (let first = 0; first < HISTORIES; first += AT_ONCE) {
    await Promise.all(examples.slice(first, first + AT_ONCE).map(expectAgreement));
  }

  expect(await findBrokenChains(db.database)).toEqual([]);
});

/** Plays one history through both; the final maxes are compared too. */
async function expectAgreement({ program, events }: Example): Promise<void> {
  const scenario = createScenario({ ...program, lifts: LIFTS });
  const trainee = await createRandomTrainee(program);
  const play = createPlayer(trainee);
  const [played, decided]: [string[], string[]] = [[], []];
  for (const event of events) {
    played.push(event, ...(await play(event)));
    decided.push(event, ...scenario.play(event));
  }

  expect(played).toEqual(decided);
  for (const lift of LIFTS) {
    expect(await trainee.max(lift)).toBe(scenario.max(lift));
  }
}

async function createRandomTrainee({ rules, maxes }: RandomProgram): Promise<Trainee> {
  const own = await createTrainee(
    db.database,
    {
      accountId: ACCOUNT_ID,
      lifts: Object.fromEntries(LIFTS.map((lift) => [lift, maxes[lift] ?? null])),
      rules: rules.map(
        ({ type, parameters, lift, priority, enabled, override }): RuleFixture => ({
          type,
          parameters,
          liftSlug: lift,
          priority: priority ?? 0,
          enabled,
          overrideIncrement: override,
        }),
      ),
    },
    { ruleNames: rules.map(({ id }) => id) },
  );
  await setOneRepMaxes(own, maxes);
  return traineeWith(own, { client });
}

async function setOneRepMaxes({ athlete, liftId }: Trainee, maxes: RandomProgram['maxes']) {
  for (const lift of LIFTS) {
    const value = maxes[`${lift} ONE_RM`];
    if (value) {
      const { userId } = athlete;
      await client.setLiftMax({ userId, liftId: liftId(lift), maxType: MaxType.ONE_RM, value });
    }
  }
}

/** Reports events in the form of the scenario tables. */
function createPlayer(trainee: Trainee): (event: string) => Promise<string[]> {
  let session = trainee.startSession();
  let [week, cycle] = [1, 1];
  return async (event) => {
    const [verb = '', ...words] = event.split(' ');
    const rest = words.join(' ');
    switch (verb) {
      case 'log':
        return session.log(rest);
      case 'finish': {
        const lines = await session.finish(rest, { week });
        session = trainee.startSession();
        return lines;
      }
      case 'week':
        week += 1;
        return trainee.advanceWeek(week - 1, { cycle });
      case 'cycle': {
        const lines = await trainee.completeCycle(cycle, week);
        cycle += 1;
        week = 1;
        return lines;
      }
      case 'force':
        return force(trainee, words);
      default:
        throw new TypeError(`Not an event: ${event}`);
    }
  };
}

/** A rule that does not cover the lift is refused over the RPC, and has no result in memory. */
async function force(trainee: Trainee, [rule = '', lift = '']: string[]): Promise<string[]> {
  try {
    return await trainee.ask(Number(rule.replace('rule', '')), { lift, force: true });
  } catch (error) {
    expect(ConnectError.from(error).message).toMatch(/is not in the user's program|does not cover lift/);
    return [];
  }
}
