/** Liquid templates: which texts are templates, what they name, and what comes of them. Pure. */

import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { Liquid, type Template } from 'liquidjs';
import type { Limits } from '../../config/config.ts';

export type TemplateLimits = Pick<
  Limits,
  'templateCharacters' | 'templateMs' | 'templateMemory' | 'renderedCharacters'
>;

/** Segments of a name, such as `['event', 'amount']`; undefined stands for one that depends on data. */
export type TemplatePath = readonly (string | number | undefined)[];

export interface ParsedTemplate {
  readonly templates: Template[];
  /** What the template reads of the scope. */
  readonly paths: readonly TemplatePath[];
}

/** Thrown for a text that is no template by the rules of Liquid, and for one that cannot be rendered. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault';
}

/** Any other text is taken as it is, byte for byte. */
export function isTemplate(text: string): boolean {
  return text.includes('{{');
}

/** Tags that read other templates, or make HTML. */
const REFUSED_TAGS = ['include', 'render', 'layout', 'block', 'tablerow'];
/** Filters that give another result each time. */
const REFUSED_FILTERS = ['sample'];

/** One engine for equal limits: making one costs more than a template. */
const engines = new Map<string, Liquid>();

function engineFor({ templateCharacters, templateMs, templateMemory }: TemplateLimits): Liquid {
  const key = [templateCharacters, templateMs, templateMemory].join();
  const engine = engines.get(key) ?? createEngine(templateCharacters, templateMs, templateMemory);
  engines.set(key, engine);
  return engine;
}

function createEngine(parseLimit: number, renderLimit: number, memoryLimit: number): Liquid {
  const engine = new Liquid({
    ...{ parseLimit, renderLimit, memoryLimit },
    ...{ strictVariables: true, strictFilters: true, ownPropertyOnly: true },
    // A condition and the filter `default` may name what is missing.
    lenientIf: true,
    // No files: there is nothing but data in scope.
    ...{ templates: {}, relativeReference: false, dynamicPartials: false },
  });
  for (const name of REFUSED_TAGS) {
    delete engine.tags[name];
  }
  for (const name of REFUSED_FILTERS) {
    delete engine.filters[name];
  }
  return engine;
}

/** Throws TemplateFault for what is no template, and for a tag or filter that is not known. */
export function parseTemplate(text: string, limits: TemplateLimits): ParsedTemplate {
  const engine = engineFor(limits);
  return explained(() => {
    const templates = engine.parse(text);
    const segments = engine.globalVariableSegmentsSync(templates, { partials: false });
    const paths = segments.map((path) => path.map((each) => (Array.isArray(each) ? undefined : each)));
    return { templates, paths };
  });
}

/** Throws TemplateFault for a name that the scope lacks, and beyond a limit. */
export function renderTemplate(
  { templates }: ParsedTemplate,
  scope: JsonObject,
  limits: TemplateLimits,
): string {
  const text: string = explained(() => engineFor(limits).renderSync(templates, scope));
  if (text.length > limits.renderedCharacters) {
    throw new TemplateFault(`makes more than ${limits.renderedCharacters} characters`);
  }
  return text;
}

const SOLE_PATH = /^\s*\{\{-?\s*([a-z]\w*(?:\.[\w-]*\w)+)\s*-?\}\}\s*$/i;

/** The path of a template that is nothing but a name, such as `{{ event.amount }}`: it keeps its value's type. */
export function solePathOf(text: string): readonly string[] | undefined {
  return SOLE_PATH.exec(text)?.[1]?.split('.');
}

/** The value at the path; undefined when there is none, null below what is null. */
export function valueAt(scope: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = scope;
  for (const name of path) {
    if (value === null) {
      return null;
    }
    if (typeof value !== 'object' || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as JsonObject)[name];
  }
  return value;
}

function explained<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const [line = ''] = error instanceof Error ? error.message.split('\n') : [];
    throw new TemplateFault(line.replace(/, file:.*$/, ''), { cause: error });
  }
}
