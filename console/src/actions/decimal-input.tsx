/** The input of a weight or another decimal of the API. */

interface DecimalInputProps {
  readonly label: string;
  /** Absent: it may be empty. */
  readonly required?: boolean;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function DecimalInput({ label, required = false, value, onChange }: DecimalInputProps) {
  return (
    <label>
      {label}
      <input
        type="text"
        inputMode="decimal"
        pattern="[0-9]{1,12}(\.[0-9]{1,6})?"
        title="A decimal such as 102.5"
        required={required}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
  );
}
