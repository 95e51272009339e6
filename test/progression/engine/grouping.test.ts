/**
 * Which commands form the next group: turns over accounts, shares, and what a further group of an account waits for.
 */
import { describe, expect, test } from 'vitest';
import {
  type AccountQueue,
  type Groupable,
  type GroupingState,
  nextGroup,
} from '../../../src/progression/engine/grouping.ts';
import { createReadyCommands, type ReadyCommand } from '../../../src/progression/engine/ready-commands.ts';

const LIMITS = { groupedEvents: 64, concurrentGroups: 3, furtherGroupEvents: 8, furtherGroupMs: 20 };
const NOW_MS = 1_000;

/** A number of commands of an account, each of its own request. */
function commandsOf(accountId: string, count: number, submittedAtMs = NOW_MS): Groupable[] {
  return Array.from({ length: count }, (_, index) => ({ accountId, request: `${index}`, submittedAtMs }));
}

function account(ready: readonly Groupable[], rest: Partial<AccountQueue<Groupable>> = {}) {
  return { ready, groups: 0, turn: 0, ...rest };
}

function stateOf(accounts: readonly AccountQueue<Groupable>[], grouped = 0): GroupingState<Groupable> {
  const ready = accounts.reduce((sum, each) => sum + each.ready.length, 0);
  const groups = accounts.reduce((sum, each) => sum + each.groups, 0);
  return { accounts, ready, groups, grouped };
}

/** The next group in words: its account and how many commands it has. */
function groupOf(state: GroupingState<Groupable>): string {
  const group = nextGroup(state, LIMITS, NOW_MS);
  return group.length === 0 ? 'none' : `${group[0]?.accountId}: ${group.length}`;
}

describe('the next group', () => {
  test('is of the account with the lowest turn; among equals, of the first one', () => {
    const [one, two, three] = ['one', 'two', 'three'].map((id) => commandsOf(id, 2));
    const accounts = [account(one ?? [], { turn: 2 }), account(two ?? []), account(three ?? [])];

    expect(groupOf(stateOf(accounts))).toBe('two: 2');
  });

  test('is of the next account when the account whose turn it is has no command that may begin', () => {
    const gathering = account(commandsOf('gathering', 2), { groups: 1 });
    const idle = account([], { groups: 1 });

    expect(groupOf(stateOf([idle, gathering, account(commandsOf('other', 1), { turn: 5 })]))).toBe(
      'other: 1',
    );
  });

  test('takes the commands that were submitted first', () => {
    const ready = commandsOf('one', 100);

    expect(nextGroup(stateOf([account(ready)]), LIMITS, NOW_MS)).toEqual(ready.slice(0, 34));
  });

  test('has each request once', () => {
    const [first, second, third] = commandsOf('one', 3);
    const ready = [first, second, third, second, first].flatMap((each) => (each ? [{ ...each }] : []));

    expect(nextGroup(stateOf([account(ready)]), LIMITS, NOW_MS)).toEqual(ready.slice(0, 3));
  });

  test.each([
    { ready: 1, grouped: 0, share: 1 },
    { ready: 10, grouped: 0, share: 8 },
    { ready: 30, grouped: 0, share: 10 },
    { ready: 30, grouped: 60, share: 30 },
    { ready: 1_000, grouped: 128, share: 64 },
  ])('of $ready commands, with $grouped in groups, takes $share', ({ ready, grouped, share }) => {
    expect(groupOf(stateOf([account(commandsOf('one', ready))], grouped))).toBe(`one: ${share}`);
  });

  test('is none while the limit of groups is running', () => {
    expect(groupOf(stateOf([account(commandsOf('one', 64), { groups: 3 })]))).toBe('none');
    expect(groupOf(stateOf([account(commandsOf('one', 1)), account([], { groups: 3 })]))).toBe('none');
  });

  test.each([
    { why: 'a few commands', ready: commandsOf('one', 7), group: 'none' },
    { why: 'a share', ready: commandsOf('one', 8), group: 'one: 8' },
    { why: 'less than a share', ready: commandsOf('one', 8), grouped: 60, group: 'none' },
    { why: 'a command that has waited for 19 ms', ready: commandsOf('one', 1, NOW_MS - 19), group: 'none' },
    { why: 'a command that has waited for 20 ms', ready: commandsOf('one', 1, NOW_MS - 20), group: 'one: 1' },
  ])('beside a running group of its account: $why', ({ ready, group, grouped }) => {
    expect(groupOf(stateOf([account(ready, { groups: 1 })], grouped))).toBe(group);
  });
});

describe('turns', () => {
  const readyAtMs = NOW_MS;
  let requests = 0;
  const command = (accountId: string, submittedAtMs = NOW_MS - 100): ReadyCommand => {
    requests += 1;
    return { accountId, request: `${requests}`, submittedAtMs, readyAtMs };
  };

  /** Begins and ends one group after the other, and gives their accounts. */
  function serve(
    ready: ReturnType<typeof createReadyCommands<ReadyCommand>>,
    groups: number,
    meanwhile: (accountId: string) => void = () => {},
  ): string[] {
    return Array.from({ length: groups }, () => {
      const group = nextGroup(ready, { ...LIMITS, groupedEvents: 1, furtherGroupEvents: 1 }, NOW_MS);
      const accountId = group[0]?.accountId ?? 'none';
      if (group.length > 0) {
        ready.begin(group);
        meanwhile(accountId);
        ready.end(group);
      }
      return accountId;
    });
  }

  test('go round the waiting accounts', () => {
    const ready = createReadyCommands<ReadyCommand>();
    for (const [accountId, count] of Object.entries({ large: 4, middle: 2, small: 1 })) {
      for (let added = 0; added < count; added += 1) {
        ready.add(command(accountId));
      }
    }

    expect(serve(ready, 8)).toEqual([
      'large',
      'middle',
      'small',
      'large',
      'middle',
      'large',
      'large',
      'none',
    ]);
    expect(ready).toMatchObject({ ready: 0, groups: 0, grouped: 0 });
    expect([...ready.accounts]).toEqual([]);
  });

  test('a newcomer is served before the account that was served last', () => {
    const ready = createReadyCommands<ReadyCommand>();
    ready.add(command('large'));
    ready.add(command('large'));
    serve(ready, 1);
    ready.add(command('small'));

    expect(serve(ready, 2)).toEqual(['small', 'large']);
  });

  test('no number of newcomers delays the turn of an account', () => {
    const ready = createReadyCommands<ReadyCommand>();
    let newcomers = 0;
    const addNewcomers = () => {
      for (let added = 0; added < 2; added += 1) {
        newcomers += 1;
        ready.add(command(`newcomer ${newcomers}`));
      }
    };
    ready.add(command('large'));
    ready.add(command('large'));
    ready.add(command('large'));

    const served = serve(ready, 12, addNewcomers);
    expect(served.filter((accountId) => accountId === 'large')).toHaveLength(3);
  });

  test('of one account go by submission, not by when a command became ready', () => {
    const ready = createReadyCommands<ReadyCommand>();
    const [early, late, latest] = [command('one', 1), command('one', 2), command('one', 3)];
    for (const each of [late, latest, early]) {
      ready.add(each);
    }

    expect(nextGroup(ready, LIMITS, NOW_MS)).toEqual([early, late, latest]);
    ready.remove(late);
    expect(nextGroup(ready, LIMITS, NOW_MS)).toEqual([early, latest]);
  });

  test('count from when a command became ready, not from its submission', () => {
    const ready = createReadyCommands<ReadyCommand>();
    ready.add({ ...command('one', 100), readyAtMs: 900 });
    ready.add({ ...command('one', 200), readyAtMs: 500 });

    expect(ready.hasReadySince(500, () => true)).toBe(false);
    expect(ready.hasReadySince(501, () => true)).toBe(true);
    expect(ready.hasReadySince(501, (each) => each.submittedAtMs === 100)).toBe(false);
  });
});
