/** The Python client as sdist and wheel, the wheel built of the sdist, installed and called in a clean environment. */
import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './versions.ts';

const run = promisify(execFile);

/** Debian's Python, or the first on the PATH: the one that has what the build needs. */
const PYTHONS = ['/usr/bin/python3', 'python3'];

/** grpcio-tools generates the code; setuptools and wheel build, pip in a venv installs, without a package index. */
export const NEEDED_OF_PYTHON = 'python3 with grpcio, grpcio-tools, setuptools, wheel and venv';
const IMPORTS = 'import ensurepip, grpc, grpc_tools, setuptools, venv, wheel';

/** The hooks by which any tool builds a package (PEP 517). */
const BUILD =
  'import sys; from setuptools import build_meta as b; getattr(b, "build_" + sys.argv[1])(sys.argv[2])';

export async function findPython(): Promise<string | undefined> {
  for (const python of PYTHONS) {
    if (
      await run(python, ['-c', IMPORTS]).then(
        () => true,
        () => false,
      )
    ) {
      return python;
    }
  }
  return undefined;
}

/** Packs the client into a directory, with a Python of `findPython`; the paths of the files. */
export async function packPythonClient(
  python: string,
  directory: string,
): Promise<{ readonly sdist: string; readonly wheel: string }> {
  const source = join(ROOT, 'clients', 'python');
  await run(python, [join(source, 'generate.py')]);
  const stage = join(directory, 'python');
  mkdirSync(stage, { recursive: true });
  for (const name of ['pyproject.toml', 'README.md', 'src']) {
    cpSync(join(source, name), join(stage, name), {
      recursive: true,
      filter: (path) => !/__pycache__|\.egg-info/.test(path),
    });
  }
  await run(python, ['-c', BUILD, 'sdist', directory], { cwd: stage });
  const sdist = onlyFile(directory, 'progression_client-*.tar.gz', 'progression-client-*.tar.gz');
  const unpacked = join(directory, 'sdist');
  mkdirSync(unpacked);
  await run('tar', ['-xzf', sdist, '-C', unpacked, '--strip-components=1']);
  await run(python, ['-c', BUILD, 'wheel', directory], { cwd: unpacked });
  return { sdist, wheel: onlyFile(directory, 'progression_client-*.whl') };
}

function onlyFile(directory: string, ...patterns: string[]): string {
  const [name, ...others] = globSync(patterns, { cwd: directory });
  if (name === undefined || others.length > 0) {
    throw new Error(`expected one ${patterns[0]}, found ${[name, ...others].join(', ')}`);
  }
  return join(directory, name);
}

/** Installs the wheel as its users do, and calls a server with it. grpcio comes from the host's Python. */
export async function tryPythonClient(
  python: string,
  folder: string,
  wheel: string,
  version: string,
): Promise<void> {
  await run(python, ['-m', 'venv', '--system-site-packages', folder]);
  const installed = join(folder, 'bin', 'python');
  await run(installed, ['-m', 'pip', 'install', '--quiet', '--no-index', '--no-deps', wheel]);
  const server = createServer();
  // Answers as a gRPC server that has not this method.
  server.on('stream', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' },
      { endStream: true },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const script = [
      'import importlib.metadata, grpc',
      'from progression.v1 import user_service_pb2 as api',
      'from progression_client import Client',
      `with Client("127.0.0.1:${port}") as client:`,
      '    try:',
      '        client.users.ListUsers(api.ListUsersRequest())',
      '    except grpc.RpcError as error:',
      '        print(importlib.metadata.version("progression-client"), error.code().name)',
    ].join('\n');
    const { stdout } = await run(installed, ['-c', script], { cwd: folder });
    if (stdout.trim() !== `${version} UNIMPLEMENTED`) {
      throw new Error(`${basename(wheel)}, installed, says ${stdout}`);
    }
  } finally {
    server.close();
  }
}
