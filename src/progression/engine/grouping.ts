/** Decides which of the commands that are ready form the next group: accounts take turns, and a group is a share of all. */
import type { Limits } from '../../config/config.ts';

/** What grouping looks at of a command that is ready. */
export interface Groupable {
  readonly accountId: string;
  /** The scope and the id of its request. A group has each request once: the ledger has one row for it. */
  readonly request: string;
  /** In milliseconds of the clock that also gives `nowMs`. */
  readonly submittedAtMs: number;
}

/** An account with commands that are ready, or with groups that run. */
export interface AccountQueue<T extends Groupable> {
  /** In the order submitted, of distinct athletes, none of whom has a command in flight. */
  readonly ready: readonly T[];
  /** Groups that run. */
  readonly groups: number;
  /** The account with the lowest turn is next; of equals the first. */
  readonly turn: number;
}

export interface GroupingState<T extends Groupable> {
  readonly accounts: Iterable<AccountQueue<T>>;
  /** Commands that are ready, of all accounts. */
  readonly ready: number;
  /** Groups that run, and the commands in them. */
  readonly groups: number;
  readonly grouped: number;
}

export type GroupingLimits = Pick<
  Limits,
  'groupedEvents' | 'concurrentGroups' | 'furtherGroupEvents' | 'furtherGroupMs'
>;

/**
 * The commands of the next group: of one account, those that were submitted first. Empty when all groups run, or when
 * nothing is ready that may begin.
 */
export function nextGroup<T extends Groupable>(
  state: GroupingState<T>,
  limits: GroupingLimits,
  nowMs: number,
): readonly T[] {
  if (state.groups >= limits.concurrentGroups) {
    return [];
  }
  const share = shareOfAll(state, limits);
  const isLongAgoMs = nowMs - limits.furtherGroupMs;
  let next: AccountQueue<T> | undefined;
  for (const account of state.accounts) {
    if (mayBegin(account, share, isLongAgoMs) && !(next && next.turn <= account.turn)) {
      next = account;
    }
  }
  return next ? takeDistinct(next.ready, share) : [];
}

/**
 * The most commands of a group. With all of them in one group, PostgreSQL would wait for the process, and the process
 * for PostgreSQL.
 */
function shareOfAll(state: GroupingState<Groupable>, limits: GroupingLimits): number {
  const share = Math.ceil((state.ready + state.grouped) / limits.concurrentGroups);
  return Math.min(Math.max(share, limits.furtherGroupEvents), limits.groupedEvents);
}

/**
 * Most of the cost of a small group is its transaction. So beside a running group of its account another one begins
 * only with a whole share, or when a command has waited for long enough.
 */
function mayBegin({ ready, groups }: AccountQueue<Groupable>, share: number, isLongAgoMs: number): boolean {
  const [first] = ready;
  return first !== undefined && (groups === 0 || ready.length >= share || first.submittedAtMs <= isLongAgoMs);
}

function takeDistinct<T extends Groupable>(ready: readonly T[], most: number): readonly T[] {
  const group = new Map<string, T>();
  for (const command of ready) {
    if (group.size >= most) {
      break;
    }
    if (!group.has(command.request)) {
      group.set(command.request, command);
    }
  }
  return [...group.values()];
}
