/** The checks find each kind of violation in an otherwise sound history. */
import { describe, expect, test } from 'vitest';
import { checkHistory } from './check-history.ts';
import { RULES, type Rule } from './run-history.ts';
import { type BreakableHistory, payloadOf, soundHistory } from './sound-history.ts';

type Break = (history: BreakableHistory) => unknown;

const BREAKS: readonly (readonly [rule: Rule, what: string, wrong: Break])[] = [
  [
    'ACKNOWLEDGED_IS_APPLIED',
    'an acknowledged request without a row',
    ({ stored }) => stored.ledger.splice(0, 1),
  ],
  [
    'APPLIED_WAS_SENT',
    'a row of the ledger that no client sent',
    ({ journal }) => remove(journal, ({ requestId }) => requestId === 'request-2'),
  ],
  [
    'APPLIED_WAS_SENT',
    'a row with a wrong fingerprint',
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
  ['EFFECTS_AS_ANSWERED', 'a lost set', ({ stored }) => stored.sets.shift()],
  [
    'EFFECTS_AS_ANSWERED',
    'an application that no answer names',
    ({ stored }) => stored.logs.push({ ...first(stored.logs), id: 'log-3' }),
  ],
  [
    'EFFECTS_AS_ANSWERED',
    'a wrong value set by hand',
    ({ stored }) => {
      last(stored.maxes).value = '80';
    },
  ],
  [
    'EFFECTS_AS_ANSWERED',
    'a set that was removed and is stored',
    ({ stored }) => stored.sets.push({ ...first(stored.sets), id: 'removed' }),
  ],
  [
    'VERSION_CHAIN',
    'a mark on an application that no row undoes',
    ({ stored }) => {
      first(stored.logs).isReverted = true;
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
    'a max that differs from the sum of its changes',
    ({ stored }) => {
      first(stored.logs).delta = '-5';
    },
  ],
  [
    'COUNTERS_AS_REPLAYED',
    'a counter that was not reset',
    ({ stored }) => {
      first(stored.counters).value = 2;
    },
  ],
  [
    'COUNTERS_AS_REPLAYED',
    'a stage that no set caused',
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
  [
    'COUNTERS_AS_REPLAYED',
    'a counter that an undone application has reset',
    ({ stored }) => {
      const undoing = { id: 'log-3', triggerType: 'MANUAL', revertsLogId: 'log-1' };
      stored.logs.push({ ...first(stored.logs), ...undoing });
      first(stored.logs).isReverted = true;
    },
  ],
  [
    'EVENTS_AS_APPLIED',
    'a session that was reverted and never told',
    ({ stored }) => remove(stored.events, ({ id }) => id === 'undone'),
  ],
  ['EVENT_ONCE', 'an event that is logged twice', ({ stored }) => stored.events.push(last(stored.events))],
  [
    'OCCURRENCE_ONCE',
    'an occurrence that fired twice',
    ({ stored }) => stored.events.push({ ...last(stored.events), id: 'ticked again' }),
  ],
  [
    'EVENTS_AS_APPLIED',
    'a session without an event',
    ({ stored }) => remove(stored.events, ({ type }) => type === 'session_completed'),
  ],
  [
    'EVENTS_AS_APPLIED',
    'a set with two events',
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
    'an event without a verdict',
    ({ stored }) => {
      last(stored.events).hasVerdict = false;
    },
  ],
  ['RELAYED', 'an event that was not relayed', ({ relayed }) => relayed?.pop()],
  ['RELAYED', 'records in another order than their events', ({ relayed }) => relayed?.reverse()],
  [
    'RELAYED',
    'a record without an event',
    ({ relayed }) =>
      relayed?.push({ id: 'nothing', userId: '', sequence: 9, position: 0, recordedAtMs: 0, atMs: 0 }),
  ],
  ['WATCHED', 'an event that a watcher was not shown', ({ watched }) => watched.pop()],
  ['WATCHED', 'an event that a watcher was shown twice', ({ watched }) => watched.push(first(watched))],
  ['WATCHED', 'events that a watcher was shown in another order', ({ watched }) => watched.reverse()],
  [
    'RUN_ONCE',
    'a run that its goal did not end',
    ({ stored }) => {
      Object.assign(stored.runs[1] ?? fail(), { state: 'ACTIVE' });
    },
  ],
  [
    'HELD',
    'an athlete who enters a loop more often than the loop guard lets through',
    ({ stored }) => {
      const welcome = last(stored.runs);
      stored.runs.push(...Array.from({ length: 60 }, (_, n) => ({ ...welcome, id: `welcome ${n}` })));
    },
  ],
  ['RUN_ONCE', 'a lost run', ({ stored }) => stored.runs.pop()],
  [
    'RUN_ONCE',
    'a run that no verdict started',
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
  [
    'OVERLOADED',
    'a request without any answer on a machine that starves the service',
    (history) => {
      Object.assign(history, { loadPerProcessor: 20 });
      history.journal.push({ ...answer(history.journal), kind: 'SENT', requestId: 'request-9' } as never);
    },
  ],
  ['NO_DEFECT', 'an error in the log of a server', ({ serverErrors }) => serverErrors.push('a defect')],
  ['CONNECTION_CLEAN', 'an account left on a connection', ({ leftovers }) => leftovers.push('an account')],
];

describe('a history', () => {
  test('without faults passes', () => {
    expect(checkHistory(soundHistory())).toEqual([]);
  });

  test('passes when occurrences of time triggers are relayed out of order', () => {
    const history = soundHistory();
    history.relayed?.unshift(...(history.relayed?.splice(-1) ?? []));

    expect(checkHistory(history)).toEqual([]);
  });

  test.each([
    [true, []],
    [false, ['COUNTERS_AS_REPLAYED']],
  ])('in which a miss follows another that was %s to come late violates %j', (isLate, rules) => {
    const history = soundHistory();
    const { sets, logs, counters } = history.stored;
    Object.assign(sets[1] ?? fail(), { isLate });
    // The set behind it was decided when it was the only miss.
    first(logs).progressionId = 'linear';
    first(counters).value = 2;

    expect(checkHistory(history).map(({ rule }) => rule)).toEqual(rules);
  });

  test.each([
    ['in a period whose commits were lost', 5, []],
    ['before it', 4, ['ACKNOWLEDGED_IS_APPLIED', 'RELAYED']],
    ['after it', 11, ['ACKNOWLEDGED_IS_APPLIED', 'RELAYED']],
  ])('may lack what was acknowledged and relayed %s', (_, atMs, rules) => {
    const history = soundHistory();
    history.lostPeriods.push({ fromMs: 5, untilMs: 10 });
    history.journal.push({ ...answer(history.journal), kind: 'SENT', requestId: 'lost' } as never, {
      ...answer(history.journal),
      requestId: 'lost',
      atMs,
    });
    history.relayed?.push({ id: 'lost', userId: 'athlete', sequence: 9, position: 0, recordedAtMs: 0, atMs });

    expect(checkHistory(history).map(({ rule }) => rule)).toEqual(rules);
  });

  test.each([
    ['that was sent before the end of such a period', 10, []],
    ['that was sent after it', 11, ['ACKNOWLEDGED_IS_APPLIED']],
  ])('may lack an item of a batch %s, whenever the batch was answered', (_, batchSentAtMs, rules) => {
    const history = soundHistory();
    history.lostPeriods.push({ fromMs: 5, untilMs: 10 });
    const answered = { ...answer(history.journal), requestId: 'lost', atMs: 12, batchSentAtMs };
    history.journal.push({ ...answered, kind: 'SENT' } as never, answered);

    expect(checkHistory(history).map(({ rule }) => rule)).toEqual(rules);
  });

  test('may lack what was relayed while waits for a standby were cancelled, and nothing that was acknowledged then', () => {
    const history = soundHistory();
    history.cancelledPeriods.push({ fromMs: 5, untilMs: 10 });
    const missing = { requestId: 'missing', atMs: 5 };
    history.journal.push({ ...answer(history.journal), kind: 'SENT', requestId: 'missing' } as never, {
      ...answer(history.journal),
      ...missing,
    });
    history.relayed?.push({
      ...{ id: 'missing', userId: 'athlete', sequence: 9, position: 0, recordedAtMs: 0, atMs: 5 },
    });

    expect(checkHistory(history).map(({ rule }) => rule)).toEqual(['ACKNOWLEDGED_IS_APPLIED']);
  });

  test.each(BREAKS)('violates %s with %s', (rule, _, wrong) => {
    const history = soundHistory();

    wrong(history);

    expect(checkHistory(history).map((violation) => violation.rule)).toContain(rule);
  });

  test('is broken in these examples for every rule', () => {
    expect(new Set(BREAKS.map(([rule]) => rule))).toEqual(new Set(RULES));
  });

  test('is checked in linear time', () => {
    const [short, long] = [1_000, 4_000].map((requests) => cpuMsOf(repeated(requests)));

    // A history of four times the length must not take sixteen times as long.
    expect(long).toBeLessThan(10 * Math.max(short ?? 0, 5));
  });
});

/** Repeats the requests, events and sets of the sound history for `count` athletes. */
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
  checkHistory(history);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function remove<T>(items: T[], isOut: (item: T) => boolean): void {
  items.splice(0, items.length, ...items.filter((item) => !isOut(item)));
}

function answer(journal: BreakableHistory['journal']) {
  const line = journal.find(({ kind }) => kind === 'ANSWERED');
  if (line?.kind !== 'ANSWERED') {
    throw new TypeError('the journal has no answer');
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
  throw new TypeError('the history has no such element');
}
