/** Says in a sentence which rule of its .proto file a field breaks: what it must be, and what was sent. */
import type { DescField, Message } from '@bufbuild/protobuf';
import type { Path } from '@bufbuild/protobuf/reflect';
import type { Violation } from '@bufbuild/protovalidate';
import { allowedCount, allowedValue } from './field-rules.ts';
import { fieldValue } from './message-fields.ts';
import { isSecret } from './secret-fields.ts';
import { cut, listed, shown } from './shown-text.ts';

/** The sentence for a violation of this message. */
export function ruleSentence(
  { field: path, ruleId, message: fallback }: Violation,
  message: Message,
): string {
  const last = path.at(-1);
  if (last?.kind === 'oneof') {
    return `is required: one of ${listed(last.fields.map(({ name }) => name))}`;
  }
  const field = path.findLast((step): step is DescField => step.kind === 'field');
  if (!field || ruleId === 'required') {
    return 'is required';
  }
  const value = valueAt(message, path);
  if (field.fieldKind === 'list' && last === field) {
    const { length } = value as readonly unknown[];
    const isCount = ruleId === 'repeated.min_items' || ruleId === 'repeated.max_items';
    return isCount ? `must ${allowedCount(field)}; has ${length}` : 'must not have the same element twice';
  }
  const allowed = allowedValue(field);
  if (allowed === undefined) {
    return fallback;
  }
  return isSecret(field) ? `must ${allowed}` : `must ${allowed}; ${sent(field, value)}`;
}

/** The value that a path leads to; undefined when there is none. */
function valueAt(message: Message, path: Path): unknown {
  let value: unknown = message;
  for (const step of path) {
    const owner = value as Record<string, unknown>;
    if (step.kind === 'field') {
      value = fieldValue(value as Message, step);
    } else if (step.kind === 'list_sub') {
      value = owner[step.index];
    } else if (step.kind === 'map_sub') {
      value = owner[String(step.key)];
    }
  }
  return value;
}

function sent(field: DescField, value: unknown): string {
  if (typeof value === 'string') {
    return value === '' ? 'was empty' : `was ${shown(value)}`;
  }
  if (field.enum) {
    return value === 0 ? 'was not given' : `was ${field.enum.value[Number(value)]?.name ?? value}`;
  }
  return `was ${cut(String(value))}`;
}
