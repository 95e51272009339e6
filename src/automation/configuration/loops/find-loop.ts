/** Finds a way from a workflow through others back to itself, along what each of them emits. */
import type { Transaction } from '../../../store/database.ts';
import { emissionsOf } from '../../actions/emissions.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import { type Edge, edgeBetween, type LoopNode } from './edge.ts';
import { findListeners } from './listeners.ts';

export interface Loop {
  /** From the workflow on, each once. */
  readonly path: readonly LoopNode[];
  /** Every step of it is certain. */
  readonly isCertain: boolean;
}

/** Gives the workflows that one sets off, and how surely. */
export type Followers = (from: LoopNode) => Promise<readonly { node: LoopNode; edge: Edge }[]>;

/**
 * The shortest loop through the workflow of which every step is certain, else the shortest one at all. Whatever the
 * account has stored takes part; `start` does so as it is given.
 */
export async function findLoop(
  tx: Transaction,
  start: LoopNode,
  types: AccountTypes,
): Promise<Loop | undefined> {
  const followers = createFollowers(tx, start, types);
  const certain = await findPath(start, followers, ['CERTAIN']);
  if (certain) {
    return { path: certain, isCertain: true };
  }
  const possible = await findPath(start, followers, ['CERTAIN', 'POSSIBLE']);
  return possible && { path: possible, isCertain: false };
}

/** Asks the database about the emissions of each workflow once. */
function createFollowers(tx: Transaction, start: LoopNode, types: AccountTypes): Followers {
  const kept = new Map<string, Promise<readonly { node: LoopNode; edge: Edge }[]>>();
  const find = async (from: LoopNode) => {
    const listeners = await findListeners(tx, from.actions.flatMap(emissionsOf), types, [start.workflowId]);
    return [start, ...listeners].map((node) => ({ node, edge: edgeBetween(from, node, types) }));
  };
  return (from) => {
    const known = kept.get(from.workflowId) ?? find(from);
    kept.set(from.workflowId, known);
    return known;
  };
}

/** Breadth first, so that the path is a shortest one. */
async function findPath(
  start: LoopNode,
  followers: Followers,
  accepted: readonly Edge[],
): Promise<readonly LoopNode[] | undefined> {
  const cameFrom = new Map<LoopNode, LoopNode | undefined>([[start, undefined]]);
  const seenIds = new Set([start.workflowId]);
  // The map grows while it is gone through.
  for (const from of cameFrom.keys()) {
    for (const { node, edge } of await followers(from)) {
      if (!accepted.includes(edge)) {
        continue;
      }
      if (node === start) {
        return pathTo(from, cameFrom);
      }
      if (!seenIds.has(node.workflowId)) {
        seenIds.add(node.workflowId);
        cameFrom.set(node, from);
      }
    }
  }
  return undefined;
}

function pathTo(end: LoopNode, cameFrom: ReadonlyMap<LoopNode, LoopNode | undefined>): LoopNode[] {
  const path: LoopNode[] = [];
  for (let at: LoopNode | undefined = end; at; at = cameFrom.get(at)) {
    path.unshift(at);
  }
  return path;
}
