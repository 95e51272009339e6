/** The value of a condition, in the shape that the operator takes. */
import type { JsonValue } from '@bufbuild/protobuf';
import { isOperator, OPERATORS, type ValueShape } from '../../../../src/filters/filter-operators.ts';
import { FieldType } from '../../../../src/gen/automation/v1/trigger_service_pb.ts';
import { useBuilder } from './builder-context.ts';
import type { ControlProps } from './field-row.tsx';
import { Choice, choicesOfId } from './single-control.tsx';

interface ValueControlProps {
  readonly control: ControlProps;
  readonly operator: string;
  /** Of the field. */
  readonly name: string;
  readonly type: FieldType;
  readonly value: JsonValue | undefined;
  readonly onChange: (value: JsonValue | undefined) => void;
}

export function shapeOf(operator: string): ValueShape {
  return isOperator(operator) ? OPERATORS[operator].value : 'one';
}

const BOOLEANS = [
  { value: 'true', name: 'true' },
  { value: 'false', name: 'false' },
];

const NUMERIC: ReadonlySet<FieldType> = new Set([FieldType.INT, FieldType.DECIMAL]);

const PLACEHOLDERS: Readonly<Partial<Record<ValueShape, string>>> = {
  several: 'one, another',
  elements: 'one, another',
  range: '10, 20',
  span: '7d, 12h or 90m',
  month: '1 to 12',
  weekday: '1 is Monday, 7 Sunday',
};

export function ValueControl({ control, operator, name, type, value, onChange }: ValueControlProps) {
  const { names } = useBuilder();
  const shape = shapeOf(operator);
  const choices = type === FieldType.BOOL ? BOOLEANS : choicesOfId(name, names);
  if (choices && shape === 'one') {
    return (
      <Choice
        {...{ control, choices }}
        value={value === undefined ? '' : `${value}`}
        onChange={(next) => onChange(next === '' ? undefined : readOne(next, type, shape))}
      />
    );
  }
  const isDate = shape === 'date' || shape === 'day' || (shape === 'one' && type === FieldType.DATE);
  const isList = shape === 'several' || shape === 'elements' || shape === 'range';
  function change(text: string): void {
    const read = (word: string) => readOne(word.trim(), type, shape);
    onChange(text === '' ? undefined : isList ? text.split(',').map(read) : read(text));
  }
  return (
    <input
      type={isDate ? 'date' : 'text'}
      {...control}
      autoComplete="off"
      spellCheck={false}
      placeholder={PLACEHOLDERS[shape]}
      value={Array.isArray(value) ? value.join(', ').replace(/, $/, ',') : `${value ?? ''}`}
      onChange={({ target }) => change(target.value)}
    />
  );
}

const NUMBER_SHAPES: ReadonlySet<ValueShape> = new Set([
  ...(['number', 'amount', 'count', 'range', 'month', 'weekday'] as const),
]);

/** A number where one is asked for and a JSON number can hold it; else the text. */
function readOne(text: string, type: FieldType, shape: ValueShape): JsonValue {
  if (type === FieldType.BOOL && (text === 'true' || text === 'false')) {
    return text === 'true';
  }
  const isNumeric =
    NUMBER_SHAPES.has(shape) || ((shape === 'one' || shape === 'several') && NUMERIC.has(type));
  return isNumeric && `${Number(text)}` === text ? Number(text) : text;
}
