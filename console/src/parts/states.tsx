/** What stands in for an answer: that it is being fetched, that it failed, that there is nothing. */
import type { ReactNode } from 'react';
import { describeError } from '../calls/describe-error.ts';

/** The content of an answer, or what became of it. A failed refetch leaves the older answer in place. */
export function Answer<T>({
  query,
  children,
}: {
  query: { data: T | undefined; error: unknown };
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) {
    return children(query.data);
  }
  return query.error ? <Problem error={query.error} /> : <p className="quiet">Loading …</p>;
}

/** A refusal with its reason, and every violation with its field. */
export function Problem({ error }: { error: unknown }) {
  const { message, reason, violations } = describeError(error);
  return (
    <div className="problem" role="alert">
      <p>
        {message} {reason && <code>{reason}</code>}
      </p>
      {violations.length > 0 && (
        <ul>
          {violations.map(({ field, description }) => (
            <li key={`${field} ${description}`}>
              <code>{field}</code> {description}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export function Nothing({ children }: { children: ReactNode }) {
  return <p className="quiet">{children}</p>;
}
