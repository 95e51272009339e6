/**
 * The machine's Python with Debian's gRPC packages, and stubs that its code generator makes of the `.proto` files.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PYTHON = '/usr/bin/python3';

/** The modules that the suite imports; google.protobuf comes with the packages. */
const GENERATED = [
  'buf/validate/validate.proto',
  'google/rpc/error_details.proto',
  'google/rpc/status.proto',
  'grpc/reflection/v1/reflection.proto',
  'health/v1/health.proto',
  'progression/v1/access.proto',
  'progression/v1/common.proto',
  'progression/v1/equipment.proto',
  'progression/v1/prescription.proto',
  'progression/v1/program_service.proto',
  'progression/v1/progression_service.proto',
  'progression/v1/training_log.proto',
  'progression/v1/user_service.proto',
];

/** As a module grpc_tools.protoc adds an include path, which does not go together with a descriptor set. */
const GENERATE = 'import sys; from grpc_tools import protoc; sys.exit(protoc.main(sys.argv))';

/** Whether the packages python3-grpcio and python3-grpc-tools are installed. */
export function hasPythonPackages(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import grpc, grpc_tools.protoc'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Generates the stubs of an image that `buf build` made into `directory`, and gives a Python that finds them. */
export async function preparePython(image: string, directory: string): Promise<PythonRunner> {
  const stubs = join(directory, 'python');
  mkdirSync(stubs);
  const outputs = [`--python_out=${stubs}`, `--grpc_python_out=${stubs}`];
  await run(PYTHON, ['-c', GENERATE, `--descriptor_set_in=${image}`, ...outputs, ...GENERATED]);
  return async (script, argument) => {
    const env = { ...process.env, PYTHONPATH: stubs, PYTHONDONTWRITEBYTECODE: '1' };
    const { stdout } = await run(PYTHON, [script, argument], { env, timeout: 60_000 });
    return stdout.split('\n').filter((line) => line !== '');
  };
}

/** Runs a script with one argument to its end; its lines. Rejects when it fails as a whole. */
export type PythonRunner = (script: string, argument: string) => Promise<string[]>;
