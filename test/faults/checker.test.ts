/** The checker finds each kind of wrong in a history that has nothing else wrong with it. */
import { describe, expect, test } from 'vitest';
import { check } from './checker.ts';
import { RULES, type Rule } from './history.ts';
import { type BreakableHistory, payloadOf, soundHistory } from './sound-history.ts';

type Break = (history: BreakableHistory) => unknown;

const BREAKS: readonly (readonly [rule: Rule, what: string, wrong: Break])[] = [
  [
    'ACKNOWLEDGED_IS_APPLIED',
    'an answer of which nothing is left',
    ({ stored }) => stored.ledger.splice(0, 1),
  ],
  [
    'APPLIED_WAS_SENT',
    'a row of the ledger that nobody sent',
    ({ journal }) => remove(journal, ({ requestId }) => requestId === 'request-2'),
  ],
  [
    'APPLIED_WAS_SENT',
    'a row with the fingerprint of something else',
    ({ stored, journal }) => {
      first(stored.ledger).fingerprint = '';
      remove(journal, ({ kind, requestId }) => kind === 'ANSWERED' && requestId === 'request-1');
    },
  ],
  [
    'REQUEST_ONCE',
    'a request that was applied twice',
    ({ stored }) => stored.ledger.push(first(stored.ledger)),
  ],
  [
    'ONE_ANSWER',
    'two answers to one request',
    ({ journal }) => journal.push({ ...answer(journal), response: 'AAAA' }),
  ],
  [
    'PAYLOAD_OF_REQUEST',
    'a stored answer given to another payload',
    ({ journal }) => journal.push({ ...answer(journal), payload: payloadOf('something else') }),
  ],
  ['EFFECTS_AS_ANSWERED', 'a logged set that is lost', ({ stored }) => stored.sets.shift()],
  [
    'EFFECTS_AS_ANSWERED',
    'an application that nobody was told of',
    ({ stored }) => stored.logs.push({ ...first(stored.logs), id: 'log-3' }),
  ],
  [
    'EFFECTS_AS_ANSWERED',
    'a value by hand that is another one',
    ({ stored }) => {
      last(stored.maxes).value = '80';
    },
  ],
  ['VERSION_CHAIN', 'a gap between versions', ({ stored }) => stored.maxes.splice(3, 1)],
  ['VERSION_CHAIN', 'a fork', ({ stored }) => stored.maxes.push({ ...last(stored.maxes), version: 2 })],
  [
    'VERSION_CHAIN',
    'a lost update',
    ({ stored }) => {
      first(stored.logs).previousValue = '95';
    },
  ],
  [
    'VERSION_CHAIN',
    'a max that its changes do not come to',
    ({ stored }) => {
      first(stored.logs).delta = '-5';
    },
  ],
  [
    'COUNTERS_AS_REPLAYED',
    'a counter that was not set back',
    ({ stored }) => {
      first(stored.counters).value = 2;
    },
  ],
  [
    'COUNTERS_AS_REPLAYED',
    'a stage that nobody came to',
    ({ stored }) =>
      stored.stages.push({ ...first(stored.counters), liftId: 'bench', progressionId: 'stages', value: 1 }),
  ],
  [
    'COUNTERS_AS_REPLAYED',
    'failures that did not deload',
    ({ stored }) => {
      first(stored.logs).progressionId = 'linear';
    },
  ],
  ['EVENT_ONCE', 'an event that is logged twice', ({ stored }) => stored.events.push(last(stored.events))],
  [
    'OCCURRENCE_ONCE',
    'an occurrence that came twice',
    ({ stored }) => stored.events.push({ ...last(stored.events), id: 'ticked again' }),
  ],
  [
    'EVENTS_AS_APPLIED',
    'a session that no event tells of',
    ({ stored }) => remove(stored.events, ({ type }) => type === 'session_completed'),
  ],
  [
    'EVENTS_AS_APPLIED',
    'a set that is told of twice',
    ({ stored }) => stored.events.push({ ...first(stored.events), id: 'again' }),
  ],
  [
    'EVALUATED',
    'an entry that is left in the outbox',
    ({ stored }) => {
      stored.outbox = 1;
    },
  ],
  [
    'EVALUATED',
    'a dead letter',
    ({ stored }) => {
      stored.deadLetters = 1;
    },
  ],
  [
    'EVALUATED',
    'an event that was not judged',
    ({ stored }) => {
      last(stored.events).isJudged = false;
    },
  ],
  ['RELAYED', 'an event that was not relayed', ({ relayed }) => relayed?.pop()],
  ['RELAYED', 'records in another order than their events', ({ relayed }) => relayed?.reverse()],
  [
    'RELAYED',
    'a record of nothing',
    ({ relayed }) => relayed?.push({ id: 'nothing', userId: '', sequence: 9, position: 0 }),
  ],
  ['RUN_ONCE', 'a run that is lost', ({ stored }) => stored.runs.pop()],
  [
    'RUN_ONCE',
    'a run that no verdict began',
    ({ stored }) => stored.runs.push({ ...first(stored.runs), id: 'other', eventId: 'ticked' }),
  ],
  [
    'RUN_ONCE',
    'a run that does not end',
    ({ stored }) => {
      first(stored.runs).state = 'ACTIVE';
    },
  ],
  [
    'RUN_ONCE',
    'a step without its record',
    ({ stored }) => {
      first(stored.runs).steps = [1];
    },
  ],
  [
    'RUN_ONCE',
    'a step that was done twice',
    ({ stored }) =>
      stored.events.push(
        ...stored.events
          .filter(({ type }) => type === 'custom.thanked')
          .map((each) => ({ ...each, id: 'more' })),
      ),
  ],
  [
    'NO_DEFECT',
    'an internal error',
    ({ journal }) =>
      journal.push({ ...answer(journal), kind: 'REFUSED', code: 13, message: 'internal error' } as never),
  ],
  [
    'NO_DEFECT',
    'a request without any answer',
    ({ journal }) => journal.push({ ...answer(journal), kind: 'SENT', requestId: 'request-9' } as never),
  ],
  ['NO_DEFECT', 'a server that complains', ({ complaints }) => complaints.push('a defect')],
  ['CONNECTION_CLEAN', 'an account left on a connection', ({ leftovers }) => leftovers.push('an account')],
];

describe('a history', () => {
  test('with nothing wrong passes', () => {
    expect(check(soundHistory())).toEqual([]);
  });

  test('nothing in what the clock fired and was relayed at another place', () => {
    const history = soundHistory();
    history.relayed?.unshift(...(history.relayed?.splice(-1) ?? []));

    expect(check(history)).toEqual([]);
  });

  test.each(BREAKS)('is refused by %s for %s', (rule, _, wrong) => {
    const history = soundHistory();

    wrong(history);

    expect(check(history).map((violation) => violation.rule)).toContain(rule);
  });

  test('is refused by each rule for something', () => {
    expect(new Set(BREAKS.map(([rule]) => rule))).toEqual(new Set(RULES));
  });

  test('is looked at once, however long it is', () => {
    const [short, long] = [1_000, 4_000].map((requests) => cpuMsOf(repeated(requests)));

    // Four times as long takes four times the time, and not sixteen times.
    expect(long).toBeLessThan(10 * Math.max(short ?? 0, 5));
  });
});

/** So many requests, events and sets of so many athletes. */
function repeated(count: number): BreakableHistory {
  const { stored, ...history } = soundHistory();
  const grow = <T>(rows: readonly T[]): T[] =>
    Array.from({ length: count }, (_, n) => rows.map((row) => renamed(row, n))).flat();
  const rows = { ledger: grow(stored.ledger), sets: grow(stored.sets), events: grow(stored.events) };
  return { ...history, journal: grow(history.journal), stored: { ...stored, ...rows } };
}

function renamed<T>(row: T, n: number): T {
  const names = Object.entries(row as object).filter(([name]) => /^(id|userId|requestId)$/.test(name));
  return { ...row, ...Object.fromEntries(names.map(([name, value]) => [name, `${value} ${n}`])) };
}

function cpuMsOf(history: BreakableHistory): number {
  const before = process.cpuUsage();
  check(history);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function remove<T>(items: T[], isOut: (item: T) => boolean): void {
  items.splice(0, items.length, ...items.filter((item) => !isOut(item)));
}

function answer(journal: BreakableHistory['journal']) {
  const line = journal.find(({ kind }) => kind === 'ANSWERED');
  if (line?.kind !== 'ANSWERED') {
    throw new TypeError('nothing was answered');
  }
  return line;
}

function first<T>([item]: readonly T[]): T {
  return item ?? fail();
}

function last<T>(items: readonly T[]): T {
  return items.at(-1) ?? fail();
}

function fail(): never {
  throw new TypeError('the history has no such thing');
}
