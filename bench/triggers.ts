/** The benchmark of triggers: the cost of an event with more triggers, and the time until its verdict. */
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { AcceptedEvent } from '../src/automation/decision/accepted-event.ts';
import { matchEvent } from '../src/automation/decision/match-event.ts';
import { createCandidateIndex } from '../src/automation/evaluation/candidate-index.ts';
import { createEvaluator } from '../src/automation/evaluation/evaluator.ts';
import type { Subject } from '../src/automation/evaluation/load-subjects.ts';
import { readConfig } from '../src/config/config.ts';
import { EventService } from '../src/gen/automation/v1/event_service_pb.ts';
import type { Database } from '../src/store/database.ts';
import { PARTITIONS } from '../src/store/lock-partition.ts';
import { writeFacts } from '../src/store/outbox.ts';
import { systemClock } from '../src/values/system-clock.ts';
import { measureConfiguration } from './configuration.ts';
import { percentile } from './figures.ts';
import { ACCOUNT_ID, userId } from './fixture.ts';
import { withDatabase, withServedAthletes } from './served.ts';
import { addTriggers, allOf, stopTriggers, type TriggerSet } from './trigger-fixture.ts';

const USERS = 1_000;
const FORM = 'form_submitted';
const NUMBERS = [100, 1_000, 10_000];
const MATCHED_EVENTS = 2_000;
const EVALUATED_EVENTS = 1_000;
const EVENTS_PER_SECOND = 100;
const SECONDS = 20;
const POLL_MS = 5;

/** Each listens to a form of its own, which an index can select, and has a condition on the athlete. */
const ONE_FORM_EACH: Omit<TriggerSet, 'count'> = {
  event: FORM,
  filterOf: (n) =>
    allOf(
      { field: 'form_id', operator: 'equals', value: `form-${n}` },
      { field: 'name', operator: 'starts_with', value: 'Athlete' },
    ),
};

/** Triggers that no index can exclude: each has only conditions on the athlete, and only the first matches. */
const EVERY_FORM: Omit<TriggerSet, 'count'> = {
  event: FORM,
  filterOf: (n) =>
    allOf(
      n === 1
        ? { field: 'time_zone', operator: 'is_empty' }
        : { field: 'time_zone', operator: 'equals', value: `Nowhere/${n}` },
      { field: 'form_id', operator: 'exists' },
    ),
};

/** Prints one line per figure, and at the end all of them as JSON. */
export async function runTriggerBench(): Promise<void> {
  const figures: Record<string, number> = {};
  const withoutWorkers = { users: USERS, environment: { AUTOMATION_WORKERS: 'off' } };
  await withServedAthletes(withoutWorkers, ({ url, databaseUrl }) =>
    withDatabase(databaseUrl, async (database) => {
      for (const count of NUMBERS) {
        await addTriggers(database, { ...ONE_FORM_EACH, count });
        Object.assign(
          figures,
          await measureMatching(database, `${count} triggers, one form each`, `indexed_${count}`),
        );
        figures[`event_ms_${count}`] = await measureEvents(database, count);
        await stopTriggers(database);
        await addTriggers(database, { ...EVERY_FORM, count });
        Object.assign(
          figures,
          await measureMatching(database, `${count} triggers, every form`, `every_${count}`),
        );
        if (count === NUMBERS.at(-1)) {
          Object.assign(figures, await measureConfiguration(url, FORM));
        }
        await stopTriggers(database);
      }
    }),
  );
  await withServedAthletes({ users: USERS }, ({ url, databaseUrl }) =>
    withDatabase(databaseUrl, async (database) => {
      await addTriggers(database, { ...EVERY_FORM, count: 100 });
      Object.assign(figures, await measureVerdicts(database, url));
    }),
  );
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

/** From the event to the triggers whose filters match, in the process. */
async function measureMatching(database: Database, name: string, key: string) {
  const { limits } = readConfig();
  const { explainedTriggers } = limits;
  const index = createCandidateIndex(limits);
  const startedMs = performance.now();
  const triggers = await database.transaction(ACCOUNT_ID, (tx) => index.load(tx));
  const loadedMs = performance.now() - startedMs;
  const subject: Subject = {
    userId: userId(1),
    document: { name: 'Athlete 1', tags: [], attributes: {} },
    timeZone: 'UTC',
    deletedAt: null,
    optedOutAt: null,
  };
  const timesMs = [];
  for (let n = 1; n <= MATCHED_EVENTS; n += 1) {
    const event = formEvent(n % 100);
    const beganMs = performance.now();
    const candidates = triggers.candidates(event);
    const matches = matchEvent(event, candidates, subject, {
      isBrief: candidates.length > explainedTriggers,
    });
    timesMs.push(performance.now() - beganMs);
    if (matches.filter(({ matched }) => matched).length > 1) {
      throw new TypeError('more triggers match than the fixture says');
    }
  }
  const [p50, p99] = [percentile(timesMs, 0.5), percentile(timesMs, 0.99)];
  report(
    `match, ${name}`,
    `p50 ${p50.toFixed(3)}  p99 ${p99.toFixed(3)} ms   (read in ${loadedMs.toFixed(0)} ms)`,
  );
  return { [`match_p50_ms_${key}`]: round(p50), [`match_p99_ms_${key}`]: round(p99) };
}

function formEvent(n: number): AcceptedEvent {
  const id = uuidv7();
  const now = systemClock();
  return {
    ...{ id, type: FORM, userId: userId(1), occurredAt: now, recordedAt: now, sequence: 0n, position: 0 },
    ...{ actor: 'SYSTEM', data: { form_id: `form-${n + 1}` }, previous: null },
    ...{ rootEventId: id, causationId: null, depth: 0, chain: [], triggerId: null, occurrenceKey: null },
  };
}

/** From the outbox to the log, by one evaluator without other work; milliseconds per event. */
async function measureEvents(database: Database, count: number): Promise<number> {
  const { limits } = readConfig();
  const evaluator = createEvaluator({
    ...{ database, limits, clock: systemClock, isRelayed: false },
    candidates: createCandidateIndex(limits),
    reportError: (error) => {
      throw error;
    },
  });
  // The first one reads the triggers.
  for (const events of [1, EVALUATED_EVENTS]) {
    await emitForms(database, events);
    const startedMs = performance.now();
    const evaluated = await evaluateAll(evaluator);
    const perEventMs = (performance.now() - startedMs) / evaluated;
    if (events === EVALUATED_EVENTS) {
      report(`evaluate, ${count} triggers`, `${perEventMs.toFixed(3)} ms an event`);
      return round(perEventMs);
    }
  }
  return 0;
}

async function emitForms(database: Database, count: number): Promise<void> {
  await database.transaction(ACCOUNT_ID, async (tx) => {
    for (let n = 1; n <= count; n += 1) {
      const { id, type, data, recordedAt } = formEvent(n % 100);
      const times = { occurredAt: recordedAt, recordedAt };
      writeFacts(tx, [{ id, type, data }], {
        userId: userId(1 + (n % USERS)),
        actor: 'SYSTEM',
        cause: null,
        ...times,
      });
    }
  });
}

async function evaluateAll(evaluator: ReturnType<typeof createEvaluator>): Promise<number> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  let evaluated = 0;
  let last: number;
  do {
    last = (await evaluator.evaluatePartitions(ACCOUNT_ID, partitions)).evaluated;
    evaluated += last;
  } while (last > 0);
  return evaluated;
}

/** From the answer of PublishEvents to the committed verdict, at a fixed rate; polled every 5 ms. */
async function measureVerdicts(database: Database, url: string) {
  const client = createClient(EventService, createGrpcTransport({ baseUrl: url }));
  const options = { headers: { 'x-account-id': ACCOUNT_ID } };
  const acceptedMs = new Map<string, number>();
  const timesMs: number[] = [];
  let refused = 0;
  let isPublishing = true;
  const publish = async (n: number) => {
    const id = uuidv7();
    const event = { id, type: FORM, userId: userId(1 + (n % USERS)), data: { form_id: `form-${n % 100}` } };
    try {
      const { results } = await client.publishEvents({ events: [event] }, options);
      if (results[0]?.error) {
        throw new TypeError(results[0].error.message);
      }
      acceptedMs.set(id, performance.now());
    } catch {
      refused += 1;
    }
  };
  const watching = watchVerdicts(database, acceptedMs, timesMs, () => isPublishing);
  const startedMs = performance.now();
  const calls = [];
  for (let n = 0; n < EVENTS_PER_SECOND * SECONDS; n += 1) {
    await delay(Math.max(0, startedMs + (n * 1000) / EVENTS_PER_SECOND - performance.now()));
    calls.push(publish(n));
  }
  await Promise.all(calls);
  isPublishing = false;
  await watching;
  // The first second warms up.
  const measured = timesMs.slice(EVENTS_PER_SECOND);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(measured, share));
  report(
    `accepted to verdict, 100 triggers, ${EVENTS_PER_SECOND} events/s`,
    `p50 ${p50?.toFixed(1)}  p95 ${p95?.toFixed(1)}  p99 ${p99?.toFixed(1)} ms${refused > 0 ? `  ${refused} REFUSED` : ''}`,
  );
  return {
    verdict_p50_ms: round(p50 ?? 0),
    verdict_p95_ms: round(p95 ?? 0),
    verdict_p99_ms: round(p99 ?? 0),
    refused,
  };
}

async function watchVerdicts(
  database: Database,
  acceptedMs: Map<string, number>,
  timesMs: number[],
  isPublishing: () => boolean,
): Promise<void> {
  while (isPublishing() || acceptedMs.size > 0) {
    const waiting = [...acceptedMs.keys()];
    const { rows } = await database.transaction(ACCOUNT_ID, (tx) =>
      sql<{ id: string }>`
        select id from events where account_id = ${ACCOUNT_ID} and id = any(${waiting}::uuid[])`.execute(
        tx.sql,
      ),
    );
    const seenMs = performance.now();
    for (const { id } of rows) {
      timesMs.push(seenMs - (acceptedMs.get(id) ?? seenMs));
      acceptedMs.delete(id);
    }
    await delay(POLL_MS);
  }
}

function report(name: string, figures: string): void {
  process.stdout.write(`${name.padEnd(52)} ${figures}\n`);
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
