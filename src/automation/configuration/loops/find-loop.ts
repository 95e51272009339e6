/** Finds a path from a workflow back to itself along the events that workflows emit. */
import type { Transaction } from '../../../store/database.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import { type Edge, edgeOf, type LoopNode } from './edge.ts';
import { createListeners, type LoadListeners } from './listeners.ts';

export interface Loop {
  /** The workflows of the path, from the start, each once. */
  readonly path: readonly LoopNode[];
  /** Every step of the path is certain. */
  readonly isCertain: boolean;
}

interface Search {
  readonly load: LoadListeners;
  readonly types: AccountTypes;
  readonly accepted: readonly Edge[];
  /** The remaining number of (emission, workflow) pairs that may be examined. */
  steps: number;
}

/**
 * The shortest certain loop through the workflow, else the shortest possible one, else `NONE`; `UNKNOWN` when
 * the search would examine more than `mostSteps` pairs. It covers all stored workflows of the account, and
 * `start` as given.
 */
export async function findLoop(
  tx: Transaction,
  start: LoopNode,
  types: AccountTypes,
  mostSteps: number,
): Promise<Loop | 'NONE' | 'UNKNOWN'> {
  const load = createListeners(tx, start, types);
  const certain = await findPath(start, { load, types, accepted: ['CERTAIN'], steps: mostSteps });
  if (Array.isArray(certain)) {
    return { path: certain, isCertain: true };
  }
  const accepted: readonly Edge[] = ['CERTAIN', 'POSSIBLE'];
  const possible = await findPath(start, { load, types, accepted, steps: mostSteps });
  if (Array.isArray(possible)) {
    return { path: possible, isCertain: false };
  }
  return certain === 'UNKNOWN' ? certain : possible;
}

/**
 * Breadth first, so that the path is a shortest one. Equal emissions of several workflows are examined once.
 */
async function findPath(start: LoopNode, search: Search): Promise<LoopNode[] | 'NONE' | 'UNKNOWN'> {
  const cameFrom = new Map<LoopNode, LoopNode | undefined>([[start, undefined]]);
  const seen = new Set<string>();
  let frontier: readonly LoopNode[] = [start];
  while (frontier.length > 0) {
    const emitted = frontier.flatMap((from) => from.emissions().map((emission) => ({ from, emission })));
    const fresh = emitted.filter(({ emission }) => isFirst(JSON.stringify(emission), seen));
    const listenersOf = await search.load(fresh.map(({ emission }) => emission));
    const next: LoopNode[] = [];
    for (const { from, emission } of fresh) {
      for (const node of listenersOf(emission)) {
        search.steps -= 1;
        if (search.steps < 0) {
          return 'UNKNOWN';
        }
        if (!search.accepted.includes(edgeOf(emission, node, search.types))) {
          continue;
        }
        if (node === start) {
          return pathTo(from, cameFrom);
        }
        if (!cameFrom.has(node)) {
          cameFrom.set(node, from);
          next.push(node);
        }
      }
    }
    frontier = next;
  }
  return 'NONE';
}

function isFirst(key: string, seen: Set<string>): boolean {
  return !seen.has(key) && seen.add(key).has(key);
}

function pathTo(end: LoopNode, cameFrom: ReadonlyMap<LoopNode, LoopNode | undefined>): LoopNode[] {
  const path: LoopNode[] = [];
  for (let at: LoopNode | undefined = end; at; at = cameFrom.get(at)) {
    path.unshift(at);
  }
  return path;
}
