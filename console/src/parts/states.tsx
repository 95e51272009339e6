/** What stands in for an answer: that it is being fetched, that it failed, that there is nothing. */
import type { ReactNode } from 'react';
import { describeError } from '../calls/describe-error.ts';
import { Title } from './title.tsx';

interface AnswerProps<T> {
  readonly query: { data: T | undefined; error: unknown };
  /** What a page is called that is about nothing else: where the call fails, the page has no other heading. */
  readonly page?: string;
  readonly children: (data: T) => ReactNode;
}

/** The content of an answer, or what became of it. A failed refetch leaves the older answer in place. */
export function Answer<T>({ query: { data, error }, page, children }: AnswerProps<T>) {
  if (data !== undefined) {
    return children(data);
  }
  if (!error) {
    return <p className="quiet">Loading …</p>;
  }
  return (
    <>
      {page && (
        <header className="heading">
          <Title>{page}</Title>
          <h1>{page}</h1>
        </header>
      )}
      <Problem error={error} />
    </>
  );
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
