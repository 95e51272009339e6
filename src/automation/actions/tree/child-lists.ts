/**
 * The lists of steps within a step. To add a kind of step with lists of its own: a row here; validation, loop checks,
 * secrets, references and runs follow it.
 */

/** A list of steps within a step, as a message or as its proto3 JSON. */
export interface ChildList<A> {
  /** Below the step's own place, for example `branch.then`, `split.paths[0].actions` or `failure_steps`. */
  readonly place: string;
  /** The name by which a run says that it took the list. */
  readonly name: string;
  readonly actions: readonly A[];
}

/** Proto3 JSON leaves empty lists out. */
interface Lists<A> {
  readonly then?: readonly A[];
  readonly else?: readonly A[];
  readonly received?: readonly A[];
  readonly timedOut?: readonly A[];
  readonly paths?: readonly { readonly name?: string; readonly actions?: readonly A[] }[];
}

const CHILD_LISTS: Readonly<Record<string, <A>(value: Lists<A>) => ChildList<A>[]>> = {
  branch: (value) => [
    { place: 'then', name: 'then', actions: value.then ?? [] },
    { place: 'else', name: 'else', actions: value.else ?? [] },
  ],
  waitForEvent: ({ received = [], timedOut = [] }) => [
    { place: 'received', name: 'received', actions: received },
    { place: 'timed_out', name: 'timed_out', actions: timedOut },
  ],
  split: ({ paths = [] }) =>
    paths.map(({ name = '', actions = [] }, index) => ({ place: `paths[${index}].actions`, name, actions })),
};

/** The name by which a run says that it took the list behind a failure. */
export const FAILED = 'failed';

/** `kind` is the case of the action, which is its name in JSON as well; `name` is that of the contract. */
export function childLists<A>(
  { kind, name, value }: { readonly kind: string; readonly name: string; readonly value: unknown },
  failureSteps: readonly A[] = [],
): ChildList<A>[] {
  const own = Object.hasOwn(CHILD_LISTS, kind) ? (CHILD_LISTS[kind]?.<A>(value as Lists<A>) ?? []) : [];
  return [
    ...own.map((list) => ({ ...list, place: `${name}.${list.place}` })),
    ...(failureSteps.length > 0 ? [{ place: 'failure_steps', name: FAILED, actions: failureSteps }] : []),
  ];
}
