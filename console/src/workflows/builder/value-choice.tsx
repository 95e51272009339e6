/** Adds one of several values to a text or a list, or a secret that is stored for it. */
import { useState } from 'react';
import { SetSecret } from '../secrets/set-secret.tsx';

interface ValueChoiceProps {
  readonly label: string;
  /** What is shown while nothing is chosen. */
  readonly prompt: string;
  readonly groups: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly onChoose: (value: string) => void;
  /** Absent: no new secret is offered. */
  readonly onNewSecret?: ((name: string) => void) | undefined;
}

/** No value of a group has a `+`. */
const NEW_SECRET = '+';

export function ValueChoice({ label, prompt, groups, onChoose, onNewSecret }: ValueChoiceProps) {
  const [isAdding, setIsAdding] = useState(false);
  return (
    <>
      <select
        aria-label={label}
        value=""
        onChange={({ target }) => (target.value === NEW_SECRET ? setIsAdding(true) : onChoose(target.value))}
      >
        <option value="">{prompt}</option>
        {groups
          .filter(({ values }) => values.length > 0)
          .map(({ name, values }) => (
            <optgroup key={name} label={name}>
              {values.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </optgroup>
          ))}
        {onNewSecret && <option value={NEW_SECRET}>A new secret …</option>}
      </select>
      {isAdding && onNewSecret && <SetSecret onSet={onNewSecret} onClose={() => setIsAdding(false)} />}
    </>
  );
}
