/** Names statements, so that each connection parses and plans a statement once instead of at each call. */
import type { NameStatement } from './pipelined-connection.ts';

/** Texts are constant: what varies is bound. The limit is for a defect, which then costs speed and nothing else. */
const MOST_STATEMENTS = 500;

/** One name for each text, the same on all connections; texts beyond the limit have none. */
export function createStatementNames(): NameStatement {
  const names = new Map<string, string>();
  return (text) => {
    if (!names.has(text) && names.size < MOST_STATEMENTS) {
      names.set(text, `s${names.size + 1}`);
    }
    return names.get(text);
  };
}

/** For a proxy that hands each transaction another connection: no statement is prepared. */
export const namesNothing: NameStatement = () => undefined;
