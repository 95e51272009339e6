/** The files of the contract as other languages take them: by plain protoc, and into packages of their own. */
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { hasCommand } from '../support/commands.ts';

const run = promisify(execFile);
const PROTO = join(import.meta.dirname, '..', '..', 'proto');
const FILES = globSync('**/*.proto', { cwd: PROTO }).toSorted();

const optionsOf = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/^option (\w+) = "?([^"\n]+?)"?;$/gm)].map(([, name, value]) => [name, value]),
  );

test.each(FILES)('%s names its packages for Go and Java', (file) => {
  const text = readFileSync(join(PROTO, file), 'utf8');
  expect(optionsOf(text)).toMatchObject({
    go_package: expect.stringContaining('/'),
    java_package: expect.stringContaining('.'),
    java_multiple_files: 'true',
    java_outer_classname: expect.stringMatching(/Proto$/),
  });
});

test.each(FILES.filter((file) => /^(progression|automation)\//.test(file)))(
  '%s is in its folder everywhere',
  (file) => {
    const text = readFileSync(join(PROTO, file), 'utf8');
    const [room, version] = file.split('/') as [string, string];
    expect(optionsOf(text)).toMatchObject({
      go_package: `progression-service/clients/go/${room}/${version};${room}${version}`,
      java_package: `${room}.${version}`,
      csharp_namespace: `${room[0]?.toUpperCase()}${room.slice(1)}.${version.toUpperCase()}`,
    });
  },
);

const lacksProtoc = !hasCommand('protoc');
const name = `plain protoc${lacksProtoc ? ' (needs protobuf-compiler)' : ''}`;

describe.skipIf(lacksProtoc && !process.env.REQUIRE_PROTOC)(name, () => {
  test('generates Java, Python and C# of all files at once', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'progression-protoc-'));
    try {
      const outputs = ['java', 'python', 'csharp'].map((language) => `--${language}_out=${directory}`);
      await run('protoc', ['-I', PROTO, ...outputs, ...FILES]);
      const generated = globSync('**/*.{java,py,cs}', { cwd: directory });
      expect(generated).toEqual(
        expect.arrayContaining([
          'automation/v1/WatchEventsResponse.java',
          'automation/v1/event_service_pb2.py',
          'com/google/rpc/ErrorInfo.java',
          'build/buf/validate/FieldRules.java',
          'ProgressionService.cs',
        ]),
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
