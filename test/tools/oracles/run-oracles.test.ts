import { describe, expect, test } from 'vitest';
import { runOracles } from '../../../tools/oracles/run-oracles.ts';
import { SKIPPED_VECTOR, STAGE_VECTOR, TRACE, VECTOR, withDirectory } from './oracle-entries.ts';

/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9';

/** The output of a run, and its result. */
function run(files: Readonly<Record<string, unknown>>): Promise<[isWell: boolean, ...lines: string[]]> {
  return withDirectory(files, async (directory) => {
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line.replace(directory, 'DIR'));
    return [await runOracles({ directory, url: NOWHERE, print }), ...lines];
  });
}

describe('a run', () => {
  test('passes vectors that hold, without a service', async () => {
    expect(await run({ 'a.json': [VECTOR, STAGE_VECTOR, SKIPPED_VECTOR], 'b.json': VECTOR })).toEqual([
      true,
      '4 passed, 0 failed',
    ]);
  });

  test('finds oracles by their content, also in folders, and names skipped files', async () => {
    const files = {
      'notes.md': 'nothing',
      'deep/er/anything.json': [VECTOR],
      'a-broken.json': '[{',
      'b-other.json': [{ id: 1 }],
      'c-empty.json': [],
      'd-number.json': '5',
    };
    expect(await run(files)).toEqual([
      true,
      'a-broken.json: not an oracle, skipped',
      'b-other.json: not an oracle, skipped',
      'c-empty.json: not an oracle, skipped',
      'd-number.json: not an oracle, skipped',
      '1 passed, 0 failed',
    ]);
  });

  test('fails when it finds nothing, and says so', async () => {
    expect(await run({ 'other.json': {} })).toEqual([
      false,
      'other.json: not an oracle, skipped',
      'no oracles found in DIR',
      '0 passed, 0 failed',
    ]);
  });

  test('fails an entry of another shape than the others of its file', async () => {
    expect(await run({ 'a.json': [VECTOR, { id: 'v-2', progression: {} }, null] })).toEqual([
      false,
      'a.json v-2: not a vector as the others are',
      'a.json #3: not a vector as the others are',
      '1 passed, 2 failed',
    ]);
  });

  test('fails traces that reach no service', async () => {
    const [isWell, line, summary] = await run({ 'a.json': [VECTOR], 'b.json': [TRACE] });
    expect(line).toMatch(/^b\.json weeks-and-cycles: cannot be run: \[unavailable\]/);
    expect([isWell, summary]).toEqual([false, '1 passed, 1 failed']);
  });

  test('does not start on a missing directory', async () => {
    const print = () => expect.unreachable('nothing was read');
    await expect(runOracles({ directory: '/no/such/place', print })).rejects.toThrow('ENOENT');
  });
});

describe('a vector fails for', () => {
  const expecting = (vector: { id: string; expect: object }, expected: object) => ({
    ...vector,
    expect: { ...vector.expect, ...expected },
  });

  test.each([
    ['its value', expecting(VECTOR, { newValue: '102.500001' }), 'expected newValue 102.500001, got 102.5'],
    ['its delta', expecting(VECTOR, { delta: '0' }), 'expected delta 0, got 2.5'],
    [
      'its outcome',
      expecting(VECTOR, { applied: false, reason: 'AT_LIMIT' }),
      'expected applied false, got true; expected reason AT_LIMIT, got none',
    ],
    [
      'its reason',
      expecting(SKIPPED_VECTOR, { reason: 'REPS_MISSING' }),
      'expected reason REPS_MISSING, got REP_CEILING_NOT_REACHED',
    ],
    ['its stage', expecting(STAGE_VECTOR, { stageAfter: 1 }), 'expected stageAfter 1, got 0'],
    ['its stage before', expecting(STAGE_VECTOR, { stageBefore: 0 }), 'expected stageBefore 0, got 1'],
    [
      'a type that is no rule',
      { ...VECTOR, progression: { ...VECTOR.progression, type: 'toString' } },
      'cannot be run: there is no rule type toString',
    ],
    [
      'parameters of which no rule can be made',
      {
        ...VECTOR,
        progression: {
          ...VECTOR.progression,
          parameters: { ...VECTOR.progression.parameters, increment: 0 },
        },
      },
      'cannot be run: increment: must be above 0',
    ],
  ])('%s', async (_what, vector, complaint) => {
    expect(await run({ 'a.json': [vector] })).toEqual([
      false,
      `a.json ${vector.id}: ${complaint}`,
      '0 passed, 1 failed',
    ]);
  });
});

describe('a recorded vector', () => {
  const DELOAD = {
    id: 'v-deload',
    progression: {
      type: 'DELOAD_ON_FAILURE',
      parameters: {
        maxType: 'ONE_RM',
        failureThreshold: 2,
        deloadType: 'fixed',
        deloadAmount: 5,
        deloadPercent: 0,
      },
    },
    context: {
      currentValue: 100,
      maxType: 'ONE_RM',
      trigger: { type: 'ON_FAILURE', consecutiveFailures: 2 },
    },
    expect: { applied: true, newValue: 95, delta: -5 },
  };
  const percent = { deloadType: 'percent', deloadAmount: 0, deloadPercent: 0.1 };

  test.each([
    ['may carry the size of the other deload as 0', DELOAD],
    [
      'may do so the other way round',
      {
        ...DELOAD,
        progression: { ...DELOAD.progression, parameters: { ...DELOAD.progression.parameters, ...percent } },
        expect: { applied: true, newValue: 90, delta: -10 },
      },
    ],
    [
      'may leave out a failure count',
      {
        ...DELOAD,
        context: { ...DELOAD.context, trigger: { type: 'ON_FAILURE' } },
        expect: { applied: false, newValue: 100, delta: 0, reason: 'FAILURE_COUNT_MISSING' },
      },
    ],
    [
      'may bring an override',
      {
        ...VECTOR,
        context: { ...VECTOR.context, overrideIncrement: 0.5 },
        expect: { applied: true, newValue: 100.5, delta: 0.5 },
      },
    ],
    [
      'may write the smallest weights as numbers do',
      {
        ...VECTOR,
        context: { ...VECTOR.context, overrideIncrement: 1e-6 },
        expect: { applied: true, newValue: 100.000001, delta: 1e-6 },
      },
    ],
    [
      'says what an AMRAP set was',
      {
        id: 'v-amrap',
        progression: {
          type: 'AMRAP_PROGRESSION',
          parameters: { maxType: 'ONE_RM', thresholds: [{ minReps: 3, increment: 2.5 }] },
        },
        context: {
          currentValue: 1,
          maxType: 'ONE_RM',
          trigger: { type: 'AFTER_SET', isAMRAP: true, repsPerformed: 3 },
        },
        expect: { applied: true, newValue: 3.5, delta: 2.5 },
      },
    ],
  ])('%s', async (_what, vector) => {
    expect(await run({ 'a.json': [vector] })).toEqual([true, '1 passed, 0 failed']);
  });
});
