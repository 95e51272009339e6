/** Up to which step two versions of a workflow are the same. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { storedActionName, storedKind } from '../step.ts';
import { childLists } from './child-lists.ts';
import { programOf } from './program.ts';

/**
 * The number of the first step that differs, by its place or by what it does; its lists are steps of their own. The greatest
 * integer when all are the same. A run before it can go on with the other version: steps are numbered alike up to there.
 */
export function firstChange(before: readonly unknown[], after: readonly unknown[]): number {
  const [steps, others] = [programOf(before), programOf(after)];
  const number = steps.findIndex((step, index) => {
    const other = others[index];
    return step.path !== other?.path || !isDeepStrictEqual(ownPart(step.stored), ownPart(other.stored));
  });
  if (number !== -1) {
    return number;
  }
  return steps.length === others.length ? MOST : steps.length;
}

const MOST = 2 ** 31 - 1;

/** The action without the steps of its lists. */
function ownPart(stored: unknown): unknown {
  const { kind, value } = storedKind(stored);
  const { failureSteps } = (stored ?? {}) as { readonly failureSteps?: readonly unknown[] };
  const lists = new Set<unknown>(
    childLists({ kind, name: storedActionName(stored), value }, failureSteps).map(({ actions }) => actions),
  );
  const text = JSON.stringify(stored, (_, part: unknown) => (lists.has(part) ? undefined : part));
  return JSON.parse(text);
}
