/** Renders the Helm chart with the functions of Helm that its templates use. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { type Node, type Operand, type Pipeline, parseTemplate } from './template-syntax.ts';

const CHART = join(import.meta.dirname, '..', '..', 'deploy', 'helm', 'progression-service');
const BASE = 'progression-service/templates';
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

const files = globSync('templates/*', { cwd: CHART }).map(
  (path) => [`${BASE}/${basename(path)}`, parseTemplate(read(path))] as const,
);
/** What can be included: the files, and what they define. */
const templates = new Map<string, readonly Node[]>([
  ...files,
  ...files.flatMap(([, nodes]) =>
    nodes.flatMap((node) => (node.kind === 'define' ? [[node.name, node.body] as const] : [])),
  ),
]);

/** The manifests of one template. Throws for an unknown construct, a missing value and invalid YAML. */
export function renderTemplate(name: string, values: Values): Manifest[] {
  const chart = parse(read('Chart.yaml')) as { appVersion: string };
  const text = renderNamed(`${BASE}/${name}.yaml`, {
    Values: values,
    Release: { Name: 'release', Service: 'Helm' },
    Chart: { AppVersion: chart.appVersion },
    Template: { BasePath: BASE },
  });
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error) {
      throw error;
    }
    const manifest = document.toJS() as Manifest | null;
    return manifest ? [manifest] : [];
  });
}

type Variables = Map<string, unknown>;

function renderNamed(name: string, scope: unknown): string {
  const nodes = templates.get(name);
  if (!nodes) {
    throw new TypeError(`there is no template ${name}`);
  }
  const variables: Variables = new Map([
    ['', scope],
    ['$', scope],
  ]);
  return renderNodes(nodes, variables);
}

function renderNodes(nodes: readonly Node[], variables: Variables): string {
  return nodes.map((node) => renderNode(node, variables)).join('');
}

function renderNode(node: Node, variables: Variables): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'print':
      return String(evaluate(node.pipeline, variables));
    case 'assign':
      variables.set(node.variable, evaluate(node.pipeline, variables));
      return '';
    case 'if':
      return renderNodes(isTrue(evaluate(node.condition, variables)) ? node.body : node.otherwise, variables);
    case 'define':
      return '';
  }
}

function evaluate(pipeline: Pipeline, variables: Variables): unknown {
  let piped: unknown[] = [];
  for (const [head, ...rest] of pipeline) {
    const operands = rest.map((each) => operandValue(each, variables)).concat(piped);
    piped = [
      head?.kind === 'function' ? call(head.name, operands) : operandValue(head as Operand, variables),
    ];
  }
  return piped[0];
}

function operandValue(operand: Operand, variables: Variables): unknown {
  switch (operand.kind) {
    case 'literal':
      return operand.value;
    case 'pipeline':
      return evaluate(operand.commands, variables);
    case 'path':
      return operand.fields.reduce(fieldOf, variables.get(operand.variable));
    case 'function':
      return call(operand.name, []);
  }
}

/** Throws for a missing value, which Helm would replace by nothing. */
function fieldOf(value: unknown, field: string): unknown {
  const found = (value as Record<string, unknown> | undefined)?.[field];
  if (found === undefined) {
    throw new TypeError(`there is no ${field}`);
  }
  return found;
}

/** As in Helm, an empty text, list or object is false. */
function isTrue(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

const FUNCTIONS: Readonly<Record<string, (...operands: never[]) => unknown>> = {
  not: (value: unknown) => !isTrue(value),
  ne: (a: unknown, b: unknown) => a !== b,
  ternary: (yes: unknown, no: unknown, condition: boolean) => (condition ? yes : no),
  default: (otherwise: unknown, value: unknown) => (isTrue(value) ? value : otherwise),
  dict: (...pairs: unknown[]) =>
    Object.fromEntries(pairs.flatMap((key, at) => (at % 2 === 0 ? [[key, pairs[at + 1]]] : []))),
  include: (name: string, scope: unknown) => renderNamed(name, scope),
  print: (...texts: unknown[]) => texts.join(''),
  quote: (value: unknown) => JSON.stringify(String(value)),
  int64: (value: number) => Math.trunc(value),
  toYaml: (value: unknown) => stringify(value).trimEnd(),
  toJson: (value: unknown) => JSON.stringify(value),
  nindent: (width: number, text: string) => `\n${text.replace(/^/gm, ' '.repeat(width))}`,
  sha256sum: (text: string) => createHash('sha256').update(text).digest('hex'),
};

function call(name: string, operands: unknown[]): unknown {
  const apply = FUNCTIONS[name];
  if (!apply) {
    throw new TypeError(`the renderer does not know the function ${name}`);
  }
  return apply(...(operands as never[]));
}
