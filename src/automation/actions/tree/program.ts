/** The steps of a version of a workflow by number, and the step that follows each. */
import { storedActionName, storedKind } from '../step.ts';
import { childLists } from './child-lists.ts';

export interface ProgramStep {
  readonly number: number;
  /** For example `actions[1].branch.then[0]`. */
  readonly path: string;
  /** The name that its author gave it; empty: none. */
  readonly name: string;
  /** The stored JSON of the action, which may be damaged. */
  readonly stored: unknown;
  /** The number of the step that follows; the number of steps: the run ends. */
  readonly next: number;
  /** The number of the step that follows when the run takes the list of this name. */
  readonly entries: ReadonlyMap<string, number>;
}

/** Numbers follow the order in which steps are written, so that a run only ever goes to greater ones. */
export function programOf(actions: readonly unknown[]): readonly ProgramStep[] {
  const steps: Placed[] = [];
  const roots = place(actions, 'actions', steps);
  link(roots, steps.length);
  return steps;
}

interface Placed extends ProgramStep {
  next: number;
  readonly entries: Map<string, number>;
  readonly lists: { readonly name: string; readonly steps: readonly Placed[] }[];
}

function place(actions: readonly unknown[], path: string, steps: Placed[]): Placed[] {
  return actions.map((stored, index) => {
    const own = `${path}[${index}]`;
    const { kind, value } = storedKind(stored);
    const named = (stored as { name?: unknown } | null)?.name;
    const name = typeof named === 'string' ? named : '';
    const step: Placed = {
      ...{ number: steps.length, path: own, name, stored },
      ...{ next: 0, entries: new Map(), lists: [] },
    };
    steps.push(step);
    const { failureSteps } = (stored ?? {}) as { readonly failureSteps?: readonly unknown[] };
    for (const list of childLists({ kind, name: storedActionName(stored), value }, failureSteps)) {
      const below = `${own}.${list.place}`;
      step.lists.push({ name: list.name, steps: place(list.actions, below, steps) });
    }
    return step;
  });
}

/** `after` follows the last step of the list. */
function link(list: readonly Placed[], after: number): void {
  for (const [index, step] of list.entries()) {
    step.next = list[index + 1]?.number ?? after;
    for (const { name, steps } of step.lists) {
      link(steps, step.next);
      step.entries.set(name, steps[0]?.number ?? step.next);
    }
  }
}
