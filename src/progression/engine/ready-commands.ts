/** The commands that a group could take, by account, and whose turn it is. */
import type { AccountQueue, Groupable, GroupingState } from './grouping.ts';

export interface ReadyCommand extends Groupable {
  /** Since when no earlier command of its athlete waits or runs, on the clock of `submittedAtMs`. */
  readonly readyAtMs: number;
}

/** Has neither clock nor timers. */
export interface ReadyCommands<T extends ReadyCommand> extends GroupingState<T> {
  add(command: T): void;
  /** The command is not to be carried out any more. */
  remove(command: T): void;
  /** A group takes these commands of one account, which has had its turn. */
  begin(group: readonly T[]): void;
  /** The group's transaction has ended. */
  end(group: readonly T[]): void;
  /** Whether a command that `isWanted` has been ready since before then. */
  hasReadySince(beforeMs: number, isWanted: (command: T) => boolean): boolean;
}

interface Account<T extends ReadyCommand> extends AccountQueue<T> {
  ready: T[];
  groups: number;
  turn: number;
}

export function createReadyCommands<T extends ReadyCommand>(): ReadyCommands<T> {
  const accounts = new Map<string, Account<T>>();
  const count = { ready: 0, groups: 0, grouped: 0 };
  let turns = 0;

  function change(accountId: string, how: (account: Account<T>) => void): void {
    const account = accounts.get(accountId) ?? { ready: [], groups: 0, turn: 0 };
    how(account);
    if (account.ready.length > 0 || account.groups > 0) {
      accounts.set(accountId, account);
    } else {
      accounts.delete(accountId);
    }
  }

  function countGroup(account: Account<T>, group: readonly T[], by: 1 | -1): void {
    account.groups += by;
    count.groups += by;
    count.grouped += by * group.length;
  }

  return {
    get accounts() {
      return accounts.values();
    },
    get ready() {
      return count.ready;
    },
    get groups() {
      return count.groups;
    },
    get grouped() {
      return count.grouped;
    },
    add(command) {
      change(command.accountId, (account) => {
        if (account.ready.length === 0) {
          // After the accounts that wait already, and before the one that was served last.
          account.turn = turns - 0.5;
        }
        const last = account.ready.findLastIndex((each) => each.submittedAtMs <= command.submittedAtMs);
        account.ready.splice(last + 1, 0, command);
      });
      count.ready += 1;
    },
    remove(command) {
      change(command.accountId, (account) => {
        account.ready = account.ready.filter((each) => each !== command);
      });
      count.ready -= 1;
    },
    begin(group) {
      const taken = new Set(group);
      turns += 1;
      change(accountIdOf(group), (account) => {
        account.ready = account.ready.filter((each) => !taken.has(each));
        account.turn = turns;
        countGroup(account, group, 1);
      });
      count.ready -= group.length;
    },
    end(group) {
      change(accountIdOf(group), (account) => countGroup(account, group, -1));
    },
    hasReadySince(beforeMs, isWanted) {
      for (const { ready } of accounts.values()) {
        // Nothing is ready before it is submitted: in most accounts only the first command is looked at.
        const [first] = ready;
        const mayBeSince = first !== undefined && first.submittedAtMs < beforeMs;
        if (mayBeSince && ready.some((each) => each.readyAtMs < beforeMs && isWanted(each))) {
          return true;
        }
      }
      return false;
    },
  };
}

function accountIdOf([first]: readonly ReadyCommand[]): string {
  if (!first) {
    throw new TypeError('a group has at least one command');
  }
  return first.accountId;
}
