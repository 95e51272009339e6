/** Each applied change has exactly one event, and each event is evaluated and relayed. */
import { type EventRow, type History, mayBeUnstored, type Rule, type Violation } from '../run-history.ts';

export function checkEvents(history: History): Violation[] {
  const { stored } = history;
  return [
    ...findRepeated(
      'EVENT_ONCE',
      stored.events.map(({ accountId, id }) => `event ${accountId} ${id}`),
    ),
    ...findRepeated(
      'OCCURRENCE_ONCE',
      stored.events
        .filter(({ occurrenceKey }) => occurrenceKey !== null)
        .map(({ triggerId, userId, occurrenceKey }) => `occurrence ${triggerId} ${userId} ${occurrenceKey}`),
    ),
    ...checkApplied(history),
    ...checkEvaluated(history),
    ...checkRelayed(history),
    ...checkWatched(history),
  ];
}

function findRepeated(rule: Rule, names: readonly string[]): Violation[] {
  const seen = new Set<string>();
  return names.flatMap((name) => {
    const isKnown = seen.has(name);
    seen.add(name);
    return isKnown ? [{ rule, detail: `${name} is in the log twice` }] : [];
  });
}

/** Compares the stored changes with the events. */
function checkApplied({ accounts, stored: all }: History): Violation[] {
  // Accounts that no client calls, such as the demo account, are filled by servers when they start.
  const accountIds = new Set(accounts.map(({ accountId }) => accountId));
  const ofClients = <T extends { accountId: string }>(rows: readonly T[]) =>
    rows.filter(({ accountId }) => accountIds.has(accountId));
  const stored = {
    ...{ ledger: ofClients(all.ledger), sets: ofClients(all.sets), corrections: ofClients(all.corrections) },
    ...{ logs: ofClients(all.logs), events: ofClients(all.events) },
  };
  // Events that were reverted have been told; `<type>:<key>:<id>` is what the ledger keeps of them.
  const recorded = stored.ledger.map(({ triggerType, triggerKey, ...row }) => {
    const [, type, key] = /^(AFTER_[A-Z]+):(.*):[^:]+$/.exec(`${triggerKey}`) ?? [];
    return triggerType === 'REVERTED' && type && key
      ? { ...row, triggerType: type, triggerKey: key }
      : { ...row, triggerType, triggerKey };
  });
  const ledger = (type: string) => recorded.filter(({ triggerType }) => triggerType === type);
  const events = Map.groupBy(stored.events, ({ type }) => type);
  const logged = (type: string, name: (event: EventRow) => string | null) =>
    (events.get(type) ?? []).map((event) => `${event.accountId} ${name(event)}`);
  const publishedTypes = new Set(accounts.flatMap(({ publishedEvents }) => publishedEvents));
  return [
    ...compare(
      'session_completed',
      ledger('AFTER_SESSION').map(({ accountId, triggerKey }) => `${accountId} ${triggerKey}`),
      logged('session_completed', ({ sessionId }) => `session:${sessionId}`),
    ),
    ...compareCounts('week_advanced', ledger('AFTER_WEEK').length, events.get('week_advanced')?.length ?? 0),
    ...compareCounts(
      'cycle_completed',
      ledger('AFTER_CYCLE').length,
      events.get('cycle_completed')?.length ?? 0,
    ),
    ...compare(
      'set_logged',
      [
        ...stored.sets.map(({ accountId, id }) => `${accountId} ${id}`),
        ...stored.corrections
          .filter(({ isRemoved }) => isRemoved)
          .map(({ accountId, setId }) => `${accountId} ${setId}`),
      ],
      logged('set_logged', ({ setId }) => setId),
    ),
    ...compare(
      'progression_applied',
      stored.logs
        .filter(({ revertsLogId }) => revertsLogId === null)
        .map(({ accountId, id }) => `${accountId} ${id}`),
      logged('progression_applied', ({ logId }) => logId),
    ),
    ...compare(
      'a published event',
      stored.ledger
        .filter(({ method }) => method === 'PublishEvents')
        .map(({ accountId, requestId }) => `${accountId} ${requestId}`),
      [...publishedTypes].flatMap((type) => logged(type, ({ id }) => id)),
    ),
  ];
}

function compare(what: string, changes: readonly string[], events: readonly string[]): Violation[] {
  const rule = 'EVENTS_AS_APPLIED';
  /** How many changes of the name have no event yet: a session that was reverted may be completed anew. */
  const open = new Map<string, number>();
  for (const name of changes) {
    open.set(name, (open.get(name) ?? 0) + 1);
  }
  const violations: Violation[] = [];
  for (const name of events) {
    const left = open.get(name) ?? 0;
    open.set(name, left - 1);
    if (left === 0) {
      violations.push({ rule, detail: `${what} ${name} has an event without a change, or two events` });
    }
  }
  for (const [name, left] of open) {
    if (left > 0) {
      violations.push({ rule, detail: `${what} ${name} has no event` });
    }
  }
  return violations;
}

function compareCounts(what: string, changes: number, events: number): Violation[] {
  const detail = `${what} has ${changes} changes, but ${events} events`;
  return changes === events ? [] : [{ rule: 'EVENTS_AS_APPLIED', detail }];
}

/** No entry waits, and every event with a trigger has a verdict. */
function checkEvaluated({ accounts, stored }: History): Violation[] {
  const violations: Violation[] = [];
  const report = (detail: string) => violations.push({ rule: 'EVALUATED', detail });
  if (stored.outbox > 0) {
    report(`${stored.outbox} entries are still in the outbox`);
  }
  if (stored.deadLetters > 0) {
    report(`${stored.deadLetters} dead letters`);
  }
  const publishedTypes = new Set(accounts.flatMap(({ publishedEvents }) => publishedEvents));
  for (const { id, type, hasVerdict, triggerId } of stored.events) {
    if (!hasVerdict && (publishedTypes.has(type) || triggerId !== null)) {
      report(`event ${id} has no verdict`);
    }
  }
  return violations;
}

/**
 * Each event was relayed at least once, and the first records of each athlete are in the order of acceptance.
 * Occurrences of time triggers are exempt, because they take no athlete's lock (docs/decisions/021).
 */
function checkRelayed(history: History): Violation[] {
  const { stored, relayed } = history;
  if (!relayed) {
    return [];
  }
  const violations: Violation[] = [];
  const report = (detail: string) => violations.push({ rule: 'RELAYED', detail });
  const events = new Map(stored.events.map((event) => [event.id, event]));
  const open = new Set(events.keys());
  const seen = new Set<string>();
  const latest = new Map<string, readonly [sequence: number, position: number]>();
  for (const { id, userId, sequence, position, recordedAtMs, atMs } of relayed) {
    const event = events.get(id);
    // A lost event may be accepted anew, at another place.
    const isAsStored = event?.sequence === sequence && event.position === position;
    const isLost = !isAsStored && (mayBeUnstored(history, recordedAtMs) || mayBeUnstored(history, atMs));
    if (seen.has(id) || isLost) {
      continue;
    }
    seen.add(id);
    if (!open.delete(id)) {
      report(`event ${id} was relayed, but is not in the log`);
    }
    if (event && event.triggerId !== null) {
      continue;
    }
    const [latestSequence, latestPosition] = latest.get(userId) ?? [-1, -1];
    if (
      userId !== '' &&
      (sequence < latestSequence || (sequence === latestSequence && position < latestPosition))
    ) {
      report(`event ${id}, ${event?.type}, of ${userId} was relayed after a later one`);
    }
    latest.set(userId, [sequence, position]);
  }
  for (const id of open) {
    report(`event ${id} was not relayed`);
  }
  return violations;
}

/** WatchEvents shows every event of the clients' accounts once, those of each athlete in the order of acceptance. */
function checkWatched({ accounts, stored, watched }: History): Violation[] {
  const violations: Violation[] = [];
  const report = (detail: string) => violations.push({ rule: 'WATCHED', detail });
  const accountIds = new Set(accounts.map(({ accountId }) => accountId));
  const open = new Map(
    stored.events.filter(({ accountId }) => accountIds.has(accountId)).map((event) => [event.id, event]),
  );
  const latest = new Map<string, readonly [sequence: number, position: number]>();
  for (const { id } of watched) {
    const event = open.get(id);
    if (!event) {
      report(`event ${id} was shown twice, or is not in the log`);
      continue;
    }
    open.delete(id);
    const { userId, sequence, position, triggerId } = event;
    const [latestSequence, latestPosition] = latest.get(`${userId}`) ?? [-1, -1];
    if (userId === null || triggerId !== null) {
      continue;
    }
    if (sequence < latestSequence || (sequence === latestSequence && position < latestPosition)) {
      report(`event ${id}, ${event.type}, of ${userId} was shown after a later one`);
    }
    latest.set(userId, [sequence, position]);
  }
  for (const id of open.keys()) {
    report(`event ${id} was not shown`);
  }
  return violations;
}
