/**
 * Random histories in which what was wrong is put right: maxes, counters and stages are then as if it had been right from
 * the start, by a second opinion that knows no corrections; or the service refuses, and has a reason to.
 */
import { ConnectError } from '@connectrpc/connect';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, expect, test } from 'vitest';
import { ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { type CorrectedExample, CorrectedHistory } from '../progression/corrected-history.ts';
import { LIFTS, randomProgram } from '../progression/evaluation/arbitrary-program.ts';
import { createCatalogClient } from '../support/catalog-client.ts';
import type { RuleFixture } from '../support/fixtures.ts';
import { findBrokenChains } from '../support/lift-max-chains.ts';
import { createProgressionClient, type ProgressionClient } from '../support/progression-client.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, traineeWith } from '../support/trainee.ts';

/** A campaign runs 10,000: CORRECTED_HISTORIES=10000. */
const HISTORIES = Number(process.env.CORRECTED_HISTORIES || 200);
const SEED = Number(process.env.CORRECTED_HISTORIES_SEED || 20_261_130);
/** So few that no call waits for its deadline beside other work on the machine. */
const AT_ONCE = 10;

const ACCOUNT_ID = uuidv7();
const db = useTestDatabase();
let client: ProgressionClient;
beforeAll(async () => {
  client = createProgressionClient(db.database, { accountId: ACCOUNT_ID });
  const lifts = Object.fromEntries(LIFTS.map((lift) => [lift, null]));
  await createTrainee(db.database, { accountId: ACCOUNT_ID, lifts });
});

const choice = fc.nat({ max: 1_000_000 });
const example: fc.Arbitrary<CorrectedExample> = fc.record({
  program: randomProgram,
  steps: fc.array(
    fc.record({
      kind: fc.oneof(
        { weight: 6, arbitrary: fc.constant('log' as const) },
        { weight: 5, arbitrary: fc.constant('finish' as const) },
        { weight: 2, arbitrary: fc.constantFrom('week' as const, 'cycle' as const) },
        { weight: 3, arbitrary: fc.constant('late' as const) },
        { weight: 4, arbitrary: fc.constantFrom('correct' as const, 'remove' as const) },
        { weight: 3, arbitrary: fc.constant('revert' as const) },
        { weight: 1, arbitrary: fc.constantFrom('again' as const, 'enroll' as const) },
      ),
      choices: fc.tuple(choice, choice, choice, choice),
    }),
    { minLength: 4, maxLength: 25, size: 'max' },
  ),
});

test(`over ${HISTORIES} random histories, corrections, reverts of events, late sets and re-enrollments leave what would be without the mistakes`, {
  timeout: 3_600_000,
}, async () => {
  const examples = fc.sample(example, { numRuns: HISTORIES, seed: SEED });
  const counts: Record<string, number> = {};
  for (let first = 0; first < HISTORIES; first += AT_ONCE) {
    const played = await Promise.all(examples.slice(first, first + AT_ONCE).map(play));
    for (const [name, count] of played.flatMap((each) => Object.entries(each))) {
      counts[name] = (counts[name] ?? 0) + count;
    }
  }

  expect(await findBrokenChains(db.database)).toEqual([]);
  const seen = Object.keys(counts);
  expect(seen).toEqual(
    expect.arrayContaining([
      ...['late DONE', 'late SESSION_ALREADY_COMPLETED', 'again DONE', 'enroll DONE'],
      ...['correct', 'remove', 'revert'].flatMap((kind) =>
        ['DONE', 'NOT_LATEST_APPLICATION', 'EARLIER_ENROLLMENT'].map((became) => `${kind} ${became}`),
      ),
    ]),
  );
  process.stdout.write(`${JSON.stringify(counts)}\n`);
});

/** Plays one example, and counts what became of its steps. */
async function play({ program, steps }: CorrectedExample): Promise<Record<string, number>> {
  const { rules, maxes } = program;
  const fixtures = rules.map(
    ({ type, parameters, lift, priority, enabled, override }): RuleFixture => ({
      ...{ type, parameters, liftSlug: lift, priority: priority ?? 0, enabled, overrideIncrement: override },
    }),
  );
  const lifts = Object.fromEntries(LIFTS.map((lift) => [lift, maxes[lift] ?? null]));
  const own = await createTrainee(
    db.database,
    { accountId: ACCOUNT_ID, lifts, rules: fixtures },
    { ruleNames: rules.map(({ id }) => id) },
  );
  const trainee = traineeWith(own, { client });
  const { userId } = own.athlete;
  for (const lift of LIFTS) {
    const value = maxes[`${lift} ONE_RM`];
    if (value) {
      await client.setLiftMax({ userId, liftId: own.liftId(lift), maxType: MaxType.ONE_RM, value });
    }
  }
  const { programs } = createCatalogClient(db.database, { accountId: ACCOUNT_ID, clock: systemClock });
  const history = new CorrectedHistory(trainee, programs, program);
  const counts: Record<string, number> = {};
  for (const step of steps) {
    const became = await history.take(step).catch((error: unknown) => {
      const [info] = ConnectError.from(error).findDetails(ErrorInfoSchema);
      throw new Error(`${history.told.join('\n')}\n${JSON.stringify(program)}\n${info?.reason}`, {
        cause: error,
      });
    });
    counts[`${step.kind} ${became}`] = (counts[`${step.kind} ${became}`] ?? 0) + 1;
    if (became === 'NOT_COMPARABLE') {
      return counts;
    }
  }
  await history.expectState();
  return counts;
}
