/** One field with its label, and what is wrong with it. */
import type { ReactNode } from 'react';
import { useId } from 'react';
import { useBuilder } from './builder-context.ts';

interface FieldRowProps {
  readonly label: string;
  /** As in violations, for example `trigger.trigger_event`. */
  readonly path: string;
  readonly hint?: string | undefined;
  readonly children: (control: ControlProps) => ReactNode;
}

/** For the element that the label names. */
export interface ControlProps {
  readonly id: string;
  readonly 'aria-invalid': boolean;
  readonly 'aria-describedby': string | undefined;
}

export function FieldRow({ label, path, hint, children }: FieldRowProps) {
  const id = useId();
  const isInvalid = useBuilder().violations.has(path);
  const described = isInvalid ? `${id}-wrong` : undefined;
  return (
    <div className="row">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-invalid': isInvalid, 'aria-describedby': described })}
      {hint && <p className="hint">{hint}</p>}
      <Violations id={`${id}-wrong`} path={path} />
    </div>
  );
}

export function Violations({ path, id }: { path: string; id?: string }) {
  const found = useBuilder().violations.get(path);
  return found ? (
    <p className="violation" id={id}>
      {found.join('; ')}
    </p>
  ) : null;
}
