/** The clients in languages that are compiled, and how a machine with Debian's packages builds and runs their suites. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasCommand } from '../support/commands.ts';

const run = promisify(execFile);
const CLIENTS = join(import.meta.dirname, '..', '..', 'clients');
export const GO_LIBRARIES = '/usr/share/gocode';
const JARS = '/usr/share/java';

export interface CompiledLanguage {
  /** Debian's packages. */
  readonly needs: string;
  /** Scenarios beside the shared cases. */
  readonly scenarios: number;
  isThere(): boolean;
  /** The command of the suite, built in an empty directory. */
  build(directory: string): Promise<{ readonly command: string; readonly args: readonly string[] }>;
}

/** Of netty, what grpc-netty needs: Debian's netty-all is empty. */
const NETTY_PARTS = [
  ...['buffer', 'codec', 'codec-http', 'codec-http2', 'codec-socks', 'common', 'handler', 'handler-proxy'],
  ...['resolver', 'transport', 'transport-native-unix-common'],
];

/** Run-time dependencies, by the names of their jars. */
const JAVA_LIBRARIES = [
  ...[
    'grpc-api',
    'grpc-core',
    'grpc-stub',
    'grpc-protobuf',
    'grpc-protobuf-lite',
    'grpc-context',
    'grpc-netty',
  ],
  ...NETTY_PARTS.map((part) => `netty-${part}`),
  ...['protobuf', 'protobuf-util', 'guava', 'gson', 'perfmark-api', 'opencensus-api'],
  ...['proto-google-common-protos', 'jsr305', 'geronimo-annotation-1.3-spec'],
].map((name) => join(JARS, `${name}.jar`));

/** Puts the generated client of Go into the directory as a GOPATH; returns the environment of commands on it. */
export async function goClient(directory: string): Promise<NodeJS.ProcessEnv> {
  await run('sh', [join(CLIENTS, 'go', 'generate.sh')]);
  cpSync(join(CLIENTS, 'go'), join(directory, 'src', 'progression-service', 'clients', 'go'), {
    recursive: true,
  });
  // Debian's libraries are folders of a GOPATH, not modules.
  return { ...process.env, GO111MODULE: 'off', GOFLAGS: '', GOPATH: `${directory}:${GO_LIBRARIES}` };
}

export const COMPILED_LANGUAGES: Readonly<Record<string, CompiledLanguage>> = {
  go: {
    needs:
      'golang-go, protoc-gen-go, protoc-gen-go-grpc, golang-google-grpc-dev, golang-github-golang-protobuf-1-5-dev',
    scenarios: 17,
    isThere: () =>
      ['go', 'protoc-gen-go', 'protoc-gen-go-grpc'].every(hasCommand) &&
      ['grpc', 'protobuf'].every((name) => existsSync(join(GO_LIBRARIES, 'src/google.golang.org', name))),
    async build(directory) {
      const env = await goClient(directory);
      const command = join(directory, 'suite');
      await run('go', ['vet', 'progression-service/clients/go/...'], { env });
      await run('go', ['build', '-o', command, 'progression-service/clients/go/suite'], { env });
      return { command, args: [] };
    },
  },
  java: {
    needs:
      'default-jdk-headless, protobuf-compiler, protobuf-compiler-grpc-java-plugin, libgrpc-java, libnetty-java, ' +
      'libprotobuf-java, libgoogle-gson-java, libgoogle-common-protos-java, libperfmark-java, ' +
      'libgeronimo-annotation-1.3-spec-java',
    scenarios: 17,
    isThere: () =>
      ['javac', 'protoc', 'grpc_java_plugin'].every(hasCommand) &&
      JAVA_LIBRARIES.every((jar) => existsSync(jar)),
    async build(directory) {
      const java = join(CLIENTS, 'java');
      await run('sh', [join(java, 'generate.sh')]);
      const sources = globSync(['gen', 'src', 'suite'].map((folder) => join(java, folder, '**', '*.java')));
      const list = join(directory, 'sources');
      writeFileSync(list, sources.join('\n'));
      const classes = join(directory, 'classes');
      mkdirSync(classes);
      // The generated classes of google.rpc go before Debian's, which are older than ErrorInfo.
      const path = [classes, ...JAVA_LIBRARIES].join(':');
      await run('javac', ['-nowarn', '-d', classes, '-classpath', path, `@${list}`]);
      return { command: 'java', args: ['-classpath', path, 'Suite'] };
    },
  },
};
