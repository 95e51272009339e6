/** The fuzzer finds a defect that is there, says how to repeat it, and repeats it. */
import type { DescMethod } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { startTestServer } from '../server/test-server.ts';
import { runFuzzCampaign } from './fuzz-campaign.ts';

const SEED = 20_261_130;

async function fuzz(hasDefect: boolean, methods: readonly DescMethod[]) {
  const { url, logged } = await startTestServer({
    users: {
      createUser({ name }) {
        if (hasDefect && /[^\x20-\x7e]/.test(name)) {
          throw new TypeError('only ASCII was thought of');
        }
        return { user: { id: '0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12', name } };
      },
    },
  });
  const errors: string[] = [];
  const printed: string[] = [];
  const findings = await runFuzzCampaign({
    ...{ url, methods, seed: SEED, durationMs: 60_000, calls: 600 },
    errors,
    print: (line) => printed.push(line),
  });
  return { findings, printed, defects: logged.filter(({ level }) => level === 50) };
}

test('a defect that some characters set off is found, and found again with the same seed', async () => {
  const { findings, printed, defects } = await fuzz(true, [UserService.method.createUser]);
  expect(findings).toBeGreaterThan(0);
  expect(defects).toHaveLength(findings);
  expect(printed[0]).toMatch(/^call \d+: progression\.v1\.UserService\/CreateUser by .+: Internal$/);
  expect(Buffer.from(`${printed[1]?.split(' ').at(-1)}`, 'hex').toString('utf8')).toMatch(/é|\u202e|💪/);

  const again = await fuzz(true, [UserService.method.createUser]);
  expect(again.printed).toEqual(printed);
});

test('methods that are not served, and calls that are refused, are no defects', async () => {
  const { findings, printed } = await fuzz(false, UserService.methods);
  expect(findings, printed.join('\n')).toBe(0);
  expect(printed.at(-1)).toMatch(/^\d+ calls, 0 defects: .*InvalidArgument/);
});
