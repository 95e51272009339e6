/** Checks the templates of an action when it is saved: names, filters, and the types of typed places. */
import { shown } from '../../calls/shown-text.ts';
import type { FieldViolation } from '../../errors/domain-error.ts';
import type { FieldType } from '../../filters/filter.ts';
import type { AccountTypes } from '../event-types/account-types.ts';
import type { EventType } from '../event-types/event-type.ts';
import { athleteField } from './athlete-field.ts';
import {
  isTemplate,
  type ParsedTemplate,
  parseTemplate,
  solePathOf,
  TemplateFault,
  type TemplateLimits,
  type TemplatePath,
} from './engine.ts';
import type { TextPlace } from './map-texts.ts';
import { EVENT_NAMES } from './scope.ts';

/** The names that exist where the action is. */
export interface TemplateNames {
  readonly types: AccountTypes;
  /** The event of the workflow's trigger; undefined while there is none: any name of the event will do. */
  readonly triggerType: EventType | undefined;
  /** The names of the steps before the action. */
  readonly earlierSteps: readonly string[];
  /** The secrets that the action may send; undefined for an action that sends none. */
  readonly secrets: ReadonlySet<string> | undefined;
}

/** The type of a value that is known before it is there; `unknown` where it is not. */
type KnownType = FieldType | 'unknown';

/** What is wrong with the templates among these texts; `typeAt` has the types of typed places. */
export function templateFaults(
  places: readonly TextPlace[],
  names: TemplateNames,
  typeAt: (path: string) => FieldType | undefined,
  limits: TemplateLimits,
): FieldViolation[] {
  return places
    .filter(({ text }) => isTemplate(text))
    .flatMap(({ path, text }) => {
      const problem = problemOf(text, names, typeAt(path), limits);
      return problem === undefined ? [] : [{ field: path, description: problem }];
    });
}

function problemOf(
  text: string,
  names: TemplateNames,
  wanted: FieldType | undefined,
  limits: TemplateLimits,
): string | undefined {
  const parsed = parsedOrProblem(text, limits);
  if (typeof parsed === 'string') {
    return parsed;
  }
  for (const path of parsed.paths) {
    const resolved = resolveName(path, names);
    if ('problem' in resolved) {
      return `{{ ${path.map((each) => each ?? '[…]').join('.')} }} ${resolved.problem}`;
    }
  }
  return wanted && typeProblem(text, wanted, names);
}

function parsedOrProblem(text: string, limits: TemplateLimits): ParsedTemplate | string {
  try {
    return parseTemplate(text, limits);
  } catch (error) {
    if (error instanceof TemplateFault) {
      return `is no template: ${error.message}; was ${shown(text)}`;
    }
    throw error;
  }
}

/** Types whose values a text can express. */
const AS_TEXT: readonly FieldType[] = ['string', 'id', 'decimal', 'int', 'date', 'timestamp'];

function typeProblem(text: string, wanted: FieldType, names: TemplateNames): string | undefined {
  const path = solePathOf(text);
  if (!path) {
    return AS_TEXT.includes(wanted)
      ? undefined
      : `must be a path alone, such as {{ event.name }}, to give a value of type ${wanted}; was ${shown(text)}`;
  }
  const resolved = resolveName(path, names);
  const type = 'type' in resolved ? resolved.type : 'unknown';
  return isAssignable(type, wanted)
    ? undefined
    : `must be of type ${wanted}, and {{ ${path.join('.')} }} is of type ${type}`;
}

const TEXTS: readonly KnownType[] = ['id', 'date', 'timestamp'];

function isAssignable(type: KnownType, wanted: FieldType): boolean {
  const isWider = (wanted === 'decimal' && type === 'int') || (wanted === 'string' && TEXTS.includes(type));
  return type === 'unknown' || type === wanted || isWider;
}

type Resolved = { readonly type: KnownType } | { readonly problem: string };

const UNKNOWN: Resolved = { type: 'unknown' };

function resolveName(path: TemplatePath, names: TemplateNames): Resolved {
  const [root, ...rest] = path;
  if (rest.length === 0 || rest.includes(undefined)) {
    return { problem: 'must be event, athlete, steps or secrets, and the name of one of its fields' };
  }
  switch (root) {
    case 'event':
      return resolveEvent(rest, names);
    case 'athlete':
      return resolveAthlete(path, names);
    case 'steps':
      return resolveStep(rest, names);
    case 'secrets':
      return resolveSecret(rest, names);
    default:
      return { problem: 'is not known: there are event, athlete, steps and, for webhooks, secrets' };
  }
}

function resolveEvent([name, ...rest]: TemplatePath, { triggerType }: TemplateNames): Resolved {
  if (!triggerType || name === 'answers') {
    return UNKNOWN;
  }
  if (name === 'data') {
    return resolveData(rest, triggerType);
  }
  const isPrevious = name === 'previous';
  const field = triggerType.fields.find((each) => each.name === (isPrevious ? rest[0] : name));
  if (field && (!isPrevious || triggerType.hasPrevious)) {
    return within(field.type, isPrevious ? rest.slice(1) : rest);
  }
  if (EVENT_NAMES.some((each) => each === name)) {
    return within(name === 'occurred_at' ? 'timestamp' : 'string', rest);
  }
  return { problem: `is not known: ${triggerType.name} has no such field` };
}

/** Further data of events that publishers send have no type; those of the service have none. */
function resolveData([name, ...rest]: TemplatePath, { fields, isPublishable }: EventType): Resolved {
  const field = fields.find((each) => each.name === name);
  if (field) {
    return within(field.type, rest);
  }
  return isPublishable && name !== undefined
    ? UNKNOWN
    : { problem: 'is not known: data has fields of the event, and others where the event is published' };
}

function resolveAthlete(path: TemplatePath, { types }: TemplateNames): Resolved {
  const found = athleteField(path, types);
  return found
    ? within(found.field.type, found.rest)
    : { problem: 'is not known: the athlete has no such field, see ListFields' };
}

function resolveStep([step, field, ...rest]: TemplatePath, { earlierSteps }: TemplateNames): Resolved {
  if (!earlierSteps.includes(String(step))) {
    return { problem: 'is not known: no step before this one has the name' };
  }
  switch (field) {
    case 'outcome':
    case 'reason':
    case 'taken':
      return within('string', rest);
    case 'status':
      return within('int', rest);
    case 'body':
      return UNKNOWN;
    default:
      return { problem: 'is not known: a step has outcome, reason, taken, status and body' };
  }
}

function resolveSecret([name, ...rest]: TemplatePath, { secrets }: TemplateNames): Resolved {
  if (!secrets) {
    return { problem: 'is not known: only call_webhook sends secrets' };
  }
  return secrets.has(String(name)) && rest.length === 0
    ? { type: 'string' }
    : { problem: 'is not known: the account has no such secret; SetSecret stores one' };
}

/** Lists have elements; other values have no parts. */
function within(type: FieldType, rest: TemplatePath): Resolved {
  if (rest.length === 0) {
    return { type };
  }
  return type === 'list' && rest.length === 1
    ? UNKNOWN
    : { problem: `is not known: a value of type ${type} has no parts` };
}
