/** Renders the Helm chart; the templates use only the few constructs that this renderer supports. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';

const CHART = join(import.meta.dirname, '..', '..', 'deploy', 'helm', 'progression-service');
const read = (path: string) => readFileSync(join(CHART, path), 'utf8');

export type Values = Record<string, unknown>;

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: manifests of every kind, whose paths each test spells out
  readonly [key: string]: any;
}

export function readValues(): Values {
  return parse(read('values.yaml'));
}

export function readSchema(): object {
  return JSON.parse(read('values.schema.json'));
}

export function templateNames(): string[] {
  return globSync('templates/*.yaml', { cwd: CHART }).map((path) => basename(path, '.yaml'));
}

/** The manifests of one template. Throws for an unknown construct and for invalid YAML. */
export function renderTemplate(name: string, values: Values): Manifest[] {
  const chart = parse(read('Chart.yaml')) as { appVersion: string };
  const scope = {
    Values: values,
    Release: { Name: 'release', Service: 'Helm' },
    Chart: { AppVersion: chart.appVersion },
  };
  const text = renderText(read(`templates/${name}.yaml`), scope);
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error) {
      throw error;
    }
    const manifest = document.toJS() as Manifest | null;
    return manifest ? [manifest] : [];
  });
}

function renderText(template: string, scope: object): string {
  return renderActions(renderConditions(template, scope), scope);
}

const CONDITION = /^\{\{- if (not )?(\.[\w.]+) \}\}\n((?:(?!^\{\{- (?:if|end)).*\n)*)\{\{- end \}\}\n/gm;

function renderConditions(template: string, scope: object): string {
  return template.replace(CONDITION, (_, negation: string | undefined, path: string, body: string) =>
    isTrue(valueAt(scope, path)) === (negation === undefined) ? body : '',
  );
}

/** As in Helm, an empty list or object is false. */
function isTrue(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

function renderActions(template: string, scope: object): string {
  return template.replace(/\{\{-? (.*?) -?\}\}/g, (_, action: string) => {
    const [source = '', ...pipes] = action.split(' | ');
    return pipes.reduce((value, pipe) => applyPipe(value, pipe, scope), sourceOf(source, scope));
  });
}

function sourceOf(source: string, scope: object): string {
  const [, included] = /^include \(print \$\.Template\.BasePath "\/([\w.-]+)"\) \.$/.exec(source) ?? [];
  if (included) {
    return renderText(read(`templates/${included}`), scope);
  }
  const [, toYaml, path] = /^(toYaml )?(\.[\w.]+)$/.exec(source) ?? [];
  if (!path) {
    throw new TypeError(`the renderer does not know ${source}`);
  }
  const value = valueAt(scope, path);
  return toYaml ? stringify(value).trimEnd() : String(value);
}

function applyPipe(value: string, pipe: string, scope: object): string {
  const [name, argument = ''] = pipe.split(' ');
  switch (name) {
    case 'sha256sum':
      return createHash('sha256').update(value).digest('hex');
    case 'quote':
      return JSON.stringify(value);
    case 'default':
      return value === '' ? String(valueAt(scope, argument)) : value;
    case 'nindent':
      return `\n${value.replace(/^/gm, ' '.repeat(Number(argument)))}`;
    default:
      throw new TypeError(`the renderer does not know ${pipe}`);
  }
}

/** Throws for a missing value, which Helm would replace by nothing. */
function valueAt(scope: object, path: string): unknown {
  const value = path
    .split('.')
    .slice(1)
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], scope);
  if (value === undefined) {
    throw new TypeError(`there is no ${path}`);
  }
  return value;
}
