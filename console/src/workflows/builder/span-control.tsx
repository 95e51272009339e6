/** A google.protobuf.Duration as a number and its unit. */
import type { JsonValue } from '@bufbuild/protobuf';
import { useState } from 'react';
import type { ControlProps } from './field-row.tsx';

const UNITS = { minutes: 60, hours: 3_600, days: 86_400, seconds: 1 } as const;
type Unit = keyof typeof UNITS;

interface SpanControlProps {
  readonly control: ControlProps;
  /** Such as `3600s`; empty: none. */
  readonly value: string;
  readonly onChange: (value: JsonValue | undefined) => void;
}

export function SpanControl({ control, value, onChange }: SpanControlProps) {
  const seconds = value === '' ? undefined : Number.parseFloat(value);
  const [unit, setUnit] = useState<Unit>(() => unitOf(seconds));
  const change = (count: number, next: Unit) => onChange(`${count * UNITS[next]}s`);
  return (
    <span className="span">
      <input
        type="number"
        min="0"
        step="any"
        {...control}
        value={seconds ? seconds / UNITS[unit] : ''}
        onChange={({ target }) =>
          target.value === '' ? onChange(undefined) : change(Number(target.value), unit)
        }
      />
      <select
        aria-label="Unit"
        value={unit}
        onChange={({ target }) => {
          const next = target.value as Unit;
          setUnit(next);
          if (seconds !== undefined) {
            change(seconds / UNITS[unit], next);
          }
        }}
      >
        {Object.keys(UNITS).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </span>
  );
}

/** The longest that divides the span. */
function unitOf(seconds: number | undefined): Unit {
  const fits = (unit: Unit) => seconds !== undefined && seconds !== 0 && seconds % UNITS[unit] === 0;
  return seconds === undefined ? 'days' : ((['days', 'hours', 'minutes'] as const).find(fits) ?? 'seconds');
}
