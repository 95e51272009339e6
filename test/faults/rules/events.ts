/** Events: each once, all that follow from what was applied and none besides, evaluated, and relayed as they are logged. */
import type { EventRow, History, Rule, Violation } from '../history.ts';

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
  ];
}

function findRepeated(rule: Rule, names: readonly string[]): Violation[] {
  const seen = new Set<string>();
  return names.flatMap((name) => {
    const isKnown = seen.has(name);
    seen.add(name);
    return isKnown ? [{ rule, detail: `${name} is there twice` }] : [];
  });
}

/** What the tables say happened, and what the events say. */
function checkApplied({ accounts, stored }: History): Violation[] {
  const ledger = (type: string) => stored.ledger.filter(({ triggerType }) => triggerType === type);
  const events = Map.groupBy(stored.events, ({ type }) => type);
  const told = (type: string, name: (event: EventRow) => string | null) =>
    (events.get(type) ?? []).map((event) => `${event.accountId} ${name(event)}`);
  const publishedTypes = new Set(accounts.map(({ publishedEvent }) => publishedEvent));
  return [
    ...compare(
      'session_completed',
      ledger('AFTER_SESSION').map(({ accountId, triggerKey }) => `${accountId} ${triggerKey}`),
      told('session_completed', ({ sessionId }) => `session:${sessionId}`),
    ),
    ...compareCounts('week_advanced', ledger('AFTER_WEEK').length, events.get('week_advanced')?.length ?? 0),
    ...compareCounts(
      'cycle_completed',
      ledger('AFTER_CYCLE').length,
      events.get('cycle_completed')?.length ?? 0,
    ),
    ...compare(
      'set_logged',
      stored.sets.map(({ accountId, id }) => `${accountId} ${id}`),
      told('set_logged', ({ setId }) => setId),
    ),
    ...compare(
      'progression_applied',
      stored.logs
        .filter(({ revertsLogId }) => revertsLogId === null)
        .map(({ accountId, id }) => `${accountId} ${id}`),
      told('progression_applied', ({ logId }) => logId),
    ),
    ...compare(
      'a published event',
      stored.ledger
        .filter(({ method }) => method === 'PublishEvents')
        .map(({ accountId, requestId }) => `${accountId} ${requestId}`),
      [...publishedTypes].flatMap((type) => told(type, ({ id }) => id)),
    ),
  ];
}

function compare(what: string, happened: readonly string[], told: readonly string[]): Violation[] {
  const rule = 'EVENTS_AS_APPLIED';
  const open = new Set(happened);
  const violations: Violation[] = [];
  for (const name of told) {
    if (!open.delete(name)) {
      violations.push({ rule, detail: `${what} ${name} was told, and did not happen, or was told twice` });
    }
  }
  for (const name of open) {
    violations.push({ rule, detail: `${what} ${name} happened, and was not told` });
  }
  return violations;
}

function compareCounts(what: string, happened: number, told: number): Violation[] {
  const detail = `${what} happened ${happened} times, and was told ${told} times`;
  return happened === told ? [] : [{ rule: 'EVENTS_AS_APPLIED', detail }];
}

/** Nothing waits any more, and whoever had a trigger was judged. */
function checkEvaluated({ accounts, stored }: History): Violation[] {
  const violations: Violation[] = [];
  const complain = (detail: string) => violations.push({ rule: 'EVALUATED', detail });
  if (stored.outbox > 0) {
    complain(`${stored.outbox} entries are still in the outbox`);
  }
  if (stored.deadLetters > 0) {
    complain(`${stored.deadLetters} dead letters`);
  }
  const publishedTypes = new Set(accounts.map(({ publishedEvent }) => publishedEvent));
  for (const { id, type, isJudged, triggerId } of stored.events) {
    if (!isJudged && (publishedTypes.has(type) || triggerId !== null)) {
      complain(`event ${id} has no verdict`);
    }
  }
  return violations;
}

/**
 * Each event at least once, and each athlete's in the order of acceptance when they come first; but for what the clock
 * fired, which takes no athlete's lock (docs/decisions/021).
 */
function checkRelayed({ stored, relayed }: History): Violation[] {
  if (!relayed) {
    return [];
  }
  const violations: Violation[] = [];
  const complain = (detail: string) => violations.push({ rule: 'RELAYED', detail });
  const events = new Map(stored.events.map((event) => [event.id, event]));
  const open = new Set(events.keys());
  const seen = new Set<string>();
  const latest = new Map<string, readonly [sequence: number, position: number]>();
  for (const { id, userId, sequence, position } of relayed) {
    if (seen.has(id)) {
      continue;
    }
    seen.add(id);
    if (!open.delete(id)) {
      complain(`event ${id} was relayed, and is not in the log`);
    }
    const event = events.get(id);
    if (event && event.triggerId !== null) {
      continue;
    }
    const [before, place] = latest.get(userId) ?? [-1, -1];
    if (userId !== '' && (sequence < before || (sequence === before && position < place))) {
      complain(`event ${id}, ${event?.type}, of ${userId} was relayed after a later one`);
    }
    latest.set(userId, [sequence, position]);
  }
  for (const id of open) {
    complain(`event ${id} was not relayed`);
  }
  return violations;
}
