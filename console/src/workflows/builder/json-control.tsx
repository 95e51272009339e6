/** A value as JSON; text that is no JSON, where an object is not required, is that text. */
import type { JsonValue } from '@bufbuild/protobuf';
import { useState } from 'react';
import type { ControlProps } from './field-row.tsx';

interface JsonControlProps {
  readonly control: ControlProps;
  readonly value: JsonValue | undefined;
  readonly onChange: (value: JsonValue | undefined) => void;
  readonly isObject: boolean;
}

export function JsonControl({ control, value, onChange, isObject }: JsonControlProps) {
  const [typed, setTyped] = useState('');
  const read = readText(typed, isObject);
  // Another value than the typed one comes from outside: a step has moved here.
  const isTyped = read.isJson ? JSON.stringify(read.value) === JSON.stringify(value) : value === undefined;
  return (
    <>
      <textarea
        rows={2}
        {...control}
        placeholder={isObject ? '{"name": "value"}' : 'a text, a number, true, [1, 2]'}
        spellCheck={false}
        value={isTyped ? typed : textOf(value)}
        onChange={({ target }) => {
          setTyped(target.value);
          onChange(readText(target.value, isObject).value);
        }}
      />
      {isTyped && !read.isJson && <p className="violation">This is no JSON object yet.</p>}
    </>
  );
}

function readText(text: string, isObject: boolean): { isJson: boolean; value: JsonValue | undefined } {
  if (text.trim() === '') {
    return { isJson: true, value: undefined };
  }
  try {
    const value: JsonValue = JSON.parse(text);
    const isRight = !isObject || (typeof value === 'object' && value !== null && !Array.isArray(value));
    return { isJson: isRight, value: isRight ? value : undefined };
  } catch {
    return { isJson: !isObject, value: isObject ? undefined : text };
  }
}

function textOf(value: JsonValue | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}
