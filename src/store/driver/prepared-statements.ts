/** Lets every parameterised statement be parsed and planned once per connection instead of at each call. */
import type { EventEmitter } from 'node:events';

interface PooledClient {
  query: (...args: unknown[]) => unknown;
}

/** Texts are constant: what varies is bound. The limit is for a defect, which then costs speed and nothing else. */
const MOST_STATEMENTS = 500;

/** Names the statements of all connections that the pool will make; texts without parameters are left alone. */
export function prepareStatements(pool: EventEmitter): void {
  const names = new Map<string, string>();
  const nameOf = (text: string): string | undefined => {
    if (!names.has(text) && names.size < MOST_STATEMENTS) {
      names.set(text, `s${names.size + 1}`);
    }
    return names.get(text);
  };
  pool.on('connect', (client: PooledClient) => {
    const query = client.query.bind(client);
    client.query = (text, values, ...rest) =>
      typeof text === 'string' && Array.isArray(values) && values.length > 0
        ? query({ name: nameOf(text), text, values }, ...rest)
        : query(text, values, ...rest);
  });
}
