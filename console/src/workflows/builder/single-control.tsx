/** The input of a field that has one value: a text, a choice, a number, a span of time. */
import type { DescField, JsonValue } from '@bufbuild/protobuf';
import { getOption, ScalarType } from '@bufbuild/protobuf';
import { secret as secretOption } from '../../../../src/gen/progression/v1/access_pb.ts';
import { enumWords, sentenceCase } from '../../words/formats.ts';
import type { Names } from '../../words/names.ts';
import { type BuilderContext, useBuilder } from './builder-context.ts';
import type { ControlProps } from './field-row.tsx';
import { JsonControl } from './json-control.tsx';
import { SpanControl } from './span-control.tsx';

interface SingleControlProps {
  readonly field: DescField;
  readonly value: JsonValue | undefined;
  readonly onChange: (value: JsonValue | undefined) => void;
  readonly control: ControlProps;
}

const WHOLE: ReadonlySet<ScalarType> = new Set([ScalarType.INT32, ScalarType.UINT32, ScalarType.INT64]);

export function SingleControl({ field, value, onChange, control }: SingleControlProps) {
  const context = useBuilder();
  const choices = choicesOf(field, context);
  const text = value === undefined ? '' : `${value}`;
  const changeText = (next: string) => onChange(next === '' ? undefined : next);
  if (choices) {
    return <Choice {...{ control, choices }} value={text} onChange={changeText} />;
  }
  if (field.fieldKind === 'message') {
    switch (field.message.name) {
      case 'Duration':
        return <SpanControl {...{ control, onChange }} value={text} />;
      case 'Timestamp':
        return (
          <input
            type="text"
            {...control}
            placeholder="2026-01-31T18:30:00Z"
            value={text}
            onChange={({ target }) => changeText(target.value)}
          />
        );
      default:
        return <JsonControl {...{ control, value, onChange }} isObject={field.message.name === 'Struct'} />;
    }
  }
  if (field.fieldKind === 'map') {
    return <JsonControl {...{ control, value, onChange }} isObject />;
  }
  if (field.fieldKind === 'list') {
    const isOfNumbers = field.listKind === 'scalar' && WHOLE.has(field.scalar);
    return <WordsControl {...{ control, value, onChange, isOfNumbers }} />;
  }
  if (field.fieldKind === 'scalar' && field.scalar === ScalarType.BOOL) {
    return (
      <input
        type="checkbox"
        {...control}
        checked={value === true}
        onChange={({ target }) => onChange(target.checked || undefined)}
      />
    );
  }
  const isWhole = field.fieldKind === 'scalar' && WHOLE.has(field.scalar);
  const isSecret = getOption(field, secretOption);
  return (
    <input
      type={isWhole ? 'number' : isSecret ? 'password' : 'text'}
      {...control}
      autoComplete={isSecret ? 'new-password' : 'off'}
      spellCheck={false}
      value={text}
      onChange={({ target }) =>
        isWhole && target.value !== '' ? onChange(Number(target.value)) : changeText(target.value)
      }
    />
  );
}

export interface ChoiceOption {
  readonly value: string;
  readonly name: string;
}

/** A value that is none of the choices, such as the id of what has been deleted, stays until another is chosen. */
export function Choice({
  control,
  choices,
  value,
  onChange,
}: {
  control: ControlProps;
  choices: readonly ChoiceOption[];
  value: string;
  onChange: (value: string) => void;
}) {
  const isKnown = value === '' || choices.some((choice) => choice.value === value);
  return (
    <select {...control} value={value} onChange={({ target }) => onChange(target.value)}>
      <option value="">–</option>
      {!isKnown && <option value={value}>{value}</option>}
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.name}
        </option>
      ))}
    </select>
  );
}

/** Several texts, with commas between them. */
function WordsControl({
  control,
  value,
  onChange,
  isOfNumbers,
}: Pick<SingleControlProps, 'control' | 'value' | 'onChange'> & { isOfNumbers: boolean }) {
  const read = (text: string) => text.split(',').map((word) => (isOfNumbers ? word.trim() : word));
  return (
    <input
      type="text"
      {...control}
      placeholder={isOfNumbers ? '1, 2, 3' : 'one, another'}
      value={Array.isArray(value) ? value.join(',') : ''}
      onChange={({ target }) => onChange(target.value === '' ? undefined : read(target.value))}
    />
  );
}

/** undefined: any value can be typed. */
function choicesOf(field: DescField, context: BuilderContext): readonly ChoiceOption[] | undefined {
  if (field.fieldKind === 'enum') {
    return field.enum.values
      .filter(({ number }) => number !== 0)
      .map(({ name, number }) => ({ value: name, name: enumWords(field.enum, number) }));
  }
  switch (`${field.parent.name}.${field.name}`) {
    case 'WaitForEventAction.event_type':
    case 'ExitGoal.event_type':
    case 'HistoryCondition.event':
      return context.eventTypes
        .filter(({ category }) => category !== 'time')
        .map(({ name }) => ({ value: name, name: sentenceCase(name) }));
    case 'EmitEventAction.type':
      return context.eventTypes
        .filter(({ name }) => name.startsWith('custom.'))
        .map(({ name }) => ({ value: name, name }));
    case 'SetAttributeAction.field':
      return context.accountFields
        .filter(({ path }) => path.startsWith('custom.'))
        .map(({ path }) => ({ value: path, name: sentenceCase(path.slice('custom.'.length)) }));
    default:
      return choicesOfId(field.name, context.names);
  }
}

/** What an id of this name can stand for. */
export function choicesOfId(name: string, names: Names): readonly ChoiceOption[] | undefined {
  const things: Readonly<Record<string, ReadonlyMap<string, { id: string; name: string }>>> = {
    ...{ program_id: names.programs, progression_id: names.rules, lift_id: names.lifts },
  };
  const known = things[name];
  return (
    known &&
    [...known.values()]
      .map((thing) => ({ value: thing.id, name: thing.name }))
      .toSorted((a, b) => a.name.localeCompare(b.name))
  );
}
