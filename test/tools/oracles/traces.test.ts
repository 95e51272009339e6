import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runOracles } from '../../../tools/oracles/run-oracles.ts';
import { startTestService, type TestService } from '../../support/test-service.ts';
import { STAGE_TRACE, TRACE, withDirectory } from './oracle-entries.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});

afterAll(() => service.close());

function run(traces: readonly object[]): Promise<string[]> {
  return withDirectory({ 'a.json': traces }, async (directory) => {
    const lines: string[] = [];
    await runOracles({ directory, url: service.url, print: (line) => void lines.push(line) });
    return lines;
  });
}

describe('a trace through the served API', () => {
  test('passes when all results are as recorded, also twice on one service', async () => {
    expect(await run([TRACE, STAGE_TRACE, TRACE])).toEqual(['3 passed, 0 failed']);
  });

  test.each([
    ['a value', { ...TRACE, expect: ['101', '121', '122'] }, 'after event 2 of 3: expected 121, got 122'],
    ['a stage', { ...STAGE_TRACE, expectStage: [0, 1, 0, 0] }, 'after event 3 of 4: expected stage 0, got 1'],
    ['a recording that is too short', { ...TRACE, expect: ['101'] }, '3 events, but 1 expected values'],
    [
      'an unknown advance',
      { ...TRACE, events: [{ advance: 'month' }], expect: ['100'] },
      'cannot be run: nothing is known that advances by month',
    ],
    [
      'an unknown kind of set',
      { ...TRACE, events: [{ sets: [[5, 5, 'DROP']] }], expect: ['100'] },
      'cannot be run: there is no kind of set DROP',
    ],
    [
      'an unknown rule type',
      { ...TRACE, rules: [{ type: 'MAGIC', parameters: {} }] },
      'cannot be run: there is no rule type MAGIC',
    ],
  ])('fails for %s', async (_what, trace, complaint) => {
    expect(await run([trace])).toEqual([`a.json ${trace.name}: ${complaint}`, '0 passed, 1 failed']);
  });

  test('fails with the error of the service when it refuses', async () => {
    const [rule] = TRACE.rules;
    const trace = { ...TRACE, rules: [{ ...rule, parameters: { ...rule?.parameters, increment: '-1' } }] };
    const [line] = await run([trace]);
    expect(line).toMatch(/^a\.json weeks-and-cycles: cannot be run: \[invalid_argument\] .*increment/);
  });
});
