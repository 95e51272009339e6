import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Plan } from '../../../src/progression/evaluation/plan.ts';
import { type Athlete, createAthlete } from '../athlete.ts';
import { createModel } from '../model.ts';
import { type Micro, type ModelRow, micro, plain } from '../model-rules.ts';
import { LIFTS, type RandomProgram, randomHistory, randomProgram } from './arbitrary-program.ts';
import { createEventReader, describeResult } from './scenario.ts';

const RUNS = 10_000;

test(`over ${RUNS} random histories the engine and the model agree, event by event`, {
  timeout: 120_000,
}, () => {
  const program = randomProgram.chain((rules) =>
    fc.tuple(fc.constant(rules), randomHistory(rules.rules.length)),
  );
  fc.assert(
    fc.property(program, ([{ rules, maxes }, events]) => {
      play({ rules, maxes }, events);
    }),
    { numRuns: RUNS },
  );
});

function play({ rules, maxes }: RandomProgram, events: readonly string[]): void {
  const athlete = createAthlete({ rules, maxes, lifts: LIFTS });
  const start = new Map(
    Object.entries(maxes).map(([name, value]) => [name.includes(' ') ? name : `${name} TRAINING_MAX`, value]),
  );
  const model = createModel(rules, LIFTS, start);
  const sums = new Map([...start].map(([key, value]) => [key, micro(value)]));
  const rowsById = new Map(rules.map((row) => [row.id, row]));
  const read = createEventReader();
  const played: string[] = [];
  const foretold: string[] = [];
  for (const [index, event] of events.entries()) {
    const occurredAt = BigInt(index) * 3n;
    const detail = read(event, occurredAt);
    const plan = athlete.handle(detail, occurredAt);
    played.push(event, ...plan.results.map(describeResult));
    foretold.push(event, ...model.handle(detail));
    checkPlan(plan, rowsById, sums);
  }
  // One comparison a history keeps ten thousand of them quick; the first difference shows in the arrays.
  expect(played).toEqual(foretold);
  expect(currentMaxes(athlete)).toEqual(texts(sums));
  expect(currentMaxes(athlete)).toEqual(texts(model.state().maxes));
  const counts = new Map([...athlete.failureCounts].map(([key, count]) => [key, count.consecutiveFailures]));
  expect(counts).toEqual(model.state().failures);
  expect(athlete.stages).toEqual(model.state().stages);
}

/** Checks the invariants of every plan; adds its deltas to `sums`. */
function checkPlan(plan: Plan, rowsById: ReadonlyMap<string, ModelRow>, sums: Map<string, Micro>): void {
  const ups = new Set<string>();
  const downs = new Set<string>();
  for (const { application, reason, liftId, maxType, progressionId } of plan.results) {
    if ((application === null) === (reason === null)) {
      expect.fail('a result is an application or has a reason');
    }
    if (!application) {
      continue;
    }
    const key = `${liftId} ${maxType}`;
    const value = micro(application.newValue.toFixed());
    const delta = value - micro(application.previousValue.toFixed());
    sums.set(key, (sums.get(key) ?? 0n) + delta);
    if (delta !== 0n) {
      (delta > 0n ? ups : downs).add(key);
      checkBounds(value, rowsById.get(progressionId));
    }
  }
  const both = [...ups].filter((key) => downs.has(key));
  if (both.length > 0) {
    expect.fail(`a deload and an increment of ${both} in one event`);
  }
}

function checkBounds(value: Micro, row: ModelRow | undefined): void {
  const { minValue = '0', maxValue } = row?.parameters ?? {};
  if (value < micro(minValue) || (maxValue && value > micro(maxValue))) {
    expect.fail(`${row?.id} left ${plain(value)}, out of bounds ${minValue} to ${maxValue}`);
  }
}

function currentMaxes(athlete: Athlete): Record<string, string> {
  return Object.fromEntries([...athlete.maxes].map(([key, { value }]) => [key, value.toFixed()]));
}

function texts(values: ReadonlyMap<string, Micro>): Record<string, string> {
  return Object.fromEntries([...values].map(([key, value]) => [key, plain(value)]));
}
