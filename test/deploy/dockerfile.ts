/** Carries out the Dockerfile in a folder: a stage is a directory, and npm's installations are copies of this one's. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

export interface Image {
  /** The root of the image's file system. */
  readonly directory: string;
  readonly workingDirectory: string;
  readonly environment: Record<string, string>;
  readonly user: string;
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
}

interface Stage extends Image {
  readonly name: string;
}

/** The image of the last stage. Throws for a step that fails, or that this reader does not know. */
export function buildImage(directory: string): Image {
  const stages: Stage[] = [];
  for (const [instruction = '', rest = ''] of instructions()) {
    if (instruction === 'FROM') {
      const name = /^\S+ AS (\w+)$/.exec(rest)?.[1] ?? 'image';
      mkdirSync(join(directory, name), { recursive: true });
      const empty = { environment: {}, workingDirectory: '/', user: 'root', command: [], healthCheck: [] };
      stages.push({ ...empty, name, directory: join(directory, name) });
    } else {
      const stage = stages.pop() as Stage;
      stages.push({ ...stage, ...carryOut(stage, instruction, rest, stages) });
    }
  }
  return stages.at(-1) as Stage;
}

function instructions(): string[][] {
  const lines = read('Dockerfile').replaceAll('\\\n', ' ').split('\n');
  return lines
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).trim()]);
}

function carryOut(stage: Stage, instruction: string, rest: string, stages: readonly Stage[]): Partial<Stage> {
  switch (instruction) {
    case 'WORKDIR':
      mkdirSync(join(stage.directory, rest), { recursive: true });
      return { workingDirectory: rest };
    case 'ENV':
      return { environment: Object.fromEntries(rest.split(' ').map((pair) => pair.split('='))) };
    case 'COPY':
      copy(stage, rest, stages);
      return {};
    case 'RUN':
      run(stage, rest);
      return {};
    case 'USER':
      return { user: rest };
    case 'CMD':
      return { command: JSON.parse(rest) };
    case 'HEALTHCHECK':
      return { healthCheck: JSON.parse(rest.slice(rest.indexOf('CMD ') + 4)) };
    case 'EXPOSE':
      return {};
    default:
      throw new TypeError(`the reader does not know ${instruction}`);
  }
}

function copy(stage: Stage, rest: string, stages: readonly Stage[]): void {
  const [from, ...paths] = rest.startsWith('--from=') ? rest.slice(7).split(' ') : ['', ...rest.split(' ')];
  const target = `${paths.pop()}`;
  for (const source of paths) {
    const origin = from
      ? join(`${stages.find(({ name }) => name === from)?.directory}`, source)
      : contextPath(source);
    const place = join(stage.directory, stage.workingDirectory, target);
    cpSync(origin, target.endsWith('/') ? join(place, basename(source)) : place, {
      recursive: true,
      verbatimSymlinks: true,
      // Builds are no part of the context; see .dockerignore.
      filter: (path) => from !== '' || !/\/console\/dist/.test(path),
    });
  }
}

/** A source of the build context. Throws for one that .dockerignore leaves out. */
function contextPath(source: string): string {
  const [top] = source.split('/');
  if (!read('.dockerignore').split('\n').includes(`!${top}`)) {
    throw new TypeError(`.dockerignore leaves out ${source}`);
  }
  return join(ROOT, source);
}

function run(stage: Stage, command: string): void {
  const cwd = join(stage.directory, stage.workingDirectory);
  if (command.startsWith('npm ci ')) {
    install(cwd, command);
    return;
  }
  const { status, stderr } = spawnSync('sh', ['-c', command], { cwd, encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`RUN ${command} failed: ${stderr}`);
  }
}

interface Locked {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

/** The packages that npm would install, as links to those of this clone. */
function install(cwd: string, command: string): void {
  const { packages } = JSON.parse(readFileSync(join(cwd, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const [omitsDev, omitsOptional] = [/--omit=dev/.test(command), /--omit=optional/.test(command)];
  const isLeftOut = ({ dev, optional, devOptional }: Locked) =>
    (omitsDev && dev) || (omitsOptional && optional) || (omitsDev && omitsOptional && devOptional);
  for (const [path, locked] of Object.entries(packages)) {
    // Packages within packages come with the link to the outer one.
    const isTop = path.startsWith('node_modules/') && path.lastIndexOf('node_modules/') === 0;
    if (isTop && !isLeftOut(locked) && existsSync(join(ROOT, path))) {
      mkdirSync(dirname(join(cwd, path)), { recursive: true });
      symlinkSync(join(ROOT, path), join(cwd, path));
    }
  }
  if (!omitsDev) {
    symlinkSync(join(ROOT, 'node_modules', '.bin'), join(cwd, 'node_modules', '.bin'));
  }
}
