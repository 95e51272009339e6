/** Refuses workflows that would start themselves again, and warns of those that might. */

import { DomainError } from '../../../errors/domain-error.ts';
import type { Transaction } from '../../../store/database.ts';
import type { Workflow } from '../../../store/entities/workflow.ts';
import type { WorkflowTrigger } from '../../../store/entities/workflow-trigger.ts';
import { emissionsOfAll } from '../../actions/emissions.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import { isTriggerActive } from '../activation.ts';
import type { ConfigurationContext, Warning } from '../configuration-context.ts';
import { readStoredActions } from '../stored-actions.ts';
import { readStoredTrigger } from '../trigger-draft.ts';
import { createListeners, type Edge, edgeOf, type LoadListeners, type LoopNode } from './edge.ts';

interface Loop {
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
async function findLoop(
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

/** The number of workflows of a path that a message names, so that it fits into error metadata. */
const TOLD_WORKFLOWS = 10;
const TOLD_NAME = 40;

/**
 * Throws TRIGGER_LOOP when the workflow is active and every step of a loop is certain. Otherwise returns
 * warnings: a loop is possible, or would exist once the workflow is activated, or the search was cut off (the
 * loop check at run time still applies). The caller has incremented the account's revision, so that no other
 * change interferes.
 */
export async function guardLoops(
  tx: Transaction,
  { workflow, trigger }: { readonly workflow: Workflow; readonly trigger: WorkflowTrigger },
  { types, config }: ConfigurationContext,
): Promise<Warning[]> {
  const { loopSteps } = config.limits;
  const loop = await findLoop(tx, nodeOf({ workflow, trigger }), types, loopSteps);
  if (loop === 'NONE') {
    return [];
  }
  if (loop === 'UNKNOWN') {
    const message =
      'too many workflows wait for what this one emits to tell whether it may set itself off again';
    return [{ reason: 'LOOP_CHECK_INCOMPLETE', message }];
  }
  if (loop.isCertain && isTriggerActive(trigger, workflow)) {
    throw new DomainError('TRIGGER_LOOP', `the workflow would set itself off again: ${routeOf(loop)}`, {
      metadata: metadataOf(loop),
    });
  }
  const [reason, may] = loop.isCertain ? ['TRIGGER_LOOP', 'will'] : ['POSSIBLE_TRIGGER_LOOP', 'may'];
  const message = `once active, the workflow ${may} set itself off again: ${routeOf(loop)}`;
  return [{ reason, message, metadata: metadataOf(loop) }];
}

function nodeOf({ workflow, trigger }: { workflow: Workflow; trigger: WorkflowTrigger }): LoopNode {
  const { triggerEvent, filter, settings } = readStoredTrigger(trigger);
  return {
    ...{ workflowId: workflow.id, name: workflow.name },
    trigger: { triggerEvent, filter, configuration: settings.configuration },
    emissions: () =>
      emissionsOfAll(readStoredActions(workflow.actions), { hasExits: workflow.exits.length > 0 }),
  };
}

function routeOf({ path }: Loop): string {
  return [...namesOf(path), namesOf(path)[0]].join(' → ');
}

function metadataOf({ path }: Loop): Record<string, string> {
  const told = path.slice(0, TOLD_WORKFLOWS);
  return {
    workflowIds: told.map(({ workflowId }) => workflowId).join(','),
    workflowNames: namesOf(path).join(' → '),
    length: String(path.length),
  };
}

function namesOf(path: readonly LoopNode[]): string[] {
  return path
    .slice(0, TOLD_WORKFLOWS)
    .map(({ name }) => (name.length > TOLD_NAME ? `${name.slice(0, TOLD_NAME).toWellFormed()}…` : name));
}
