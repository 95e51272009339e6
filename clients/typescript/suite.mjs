/**
 * The suite of the TypeScript client: node suite.mjs PARTS CASES, the parts as JSON and the path of cases.json. Imports
 * the installed package, and prints one line for each case: `ok NAME` or `FAILED NAME: WHY`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fromJson, toJson } from '@bufbuild/protobuf';
import {
  Code,
  hasReason,
  listAll,
  newRequestId,
  readErrorDetails,
  watchEvents,
  withRequestId,
} from 'progression-client';
import * as automation from 'progression-client/automation';
import { createNodeClient } from 'progression-client/node';
import * as progression from 'progression-client/progression';
import { createWebClient } from 'progression-client/web';

const parts = JSON.parse(process.argv[2]);
const cases = JSON.parse(readFileSync(process.argv[3], 'utf8'));
const { accountId, userId, liftId } = parts;

const client = createNodeClient({ baseUrl: parts.url, accountId });
const CLIENTS = {
  'progression.v1.ProgressionService': 'progressions',
  'progression.v1.ProgramService': 'programs',
  'progression.v1.UserService': 'users',
  'progression.v1.AuditService': 'audit',
  'automation.v1.WorkflowService': 'workflows',
  'automation.v1.TriggerService': 'triggers',
  'automation.v1.EventService': 'events',
};

/** Replaces `$newId`, `$long:N` and the names of parts in a case. */
function fill(value) {
  if (typeof value === 'string' && value.startsWith('$')) {
    const [name, length] = value.slice(1).split(':');
    return name === 'newId' ? newRequestId() : name === 'long' ? 'x'.repeat(length) : parts[name];
  }
  if (Array.isArray(value)) {
    return value.map(fill);
  }
  return value && typeof value === 'object'
    ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each)]))
    : value;
}

function contains(actual, expected, path = '') {
  if (expected && typeof expected === 'object') {
    for (const [key, value] of Object.entries(expected)) {
      contains(actual?.[key], value, `${path}.${key}`);
    }
    assert.ok(actual, `${path} is missing`);
  } else {
    assert.equal(actual, expected, path);
  }
}

async function refusalOf(answer) {
  const error = await answer.then(
    () => assert.fail('the call was answered'),
    (reason) => reason,
  );
  const { code, reason, metadata, violations, retryAfterMs } = readErrorDetails(error);
  const name = Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
  const fields = violations.map(({ field }) => field);
  return { code: name, reason, metadata, fields, retryable: retryAfterMs !== undefined, retryAfterMs };
}

async function runCase({ method, request, headers, answer, error }) {
  const [serviceName, methodName] = method.split('/');
  const packaged = serviceName.startsWith('automation') ? automation : progression;
  const { input, output, localName } = packaged[serviceName.split('.').at(-1)].methods.find(
    ({ name }) => name === methodName,
  );
  const call = client[CLIENTS[serviceName]][localName](fromJson(input, fill(request)), {
    headers: fill(headers),
  });
  if (error) {
    contains(await refusalOf(call), fill(error));
  } else {
    contains(toJson(output, await call), fill(answer));
  }
}

const session = (sessionId = newRequestId()) => ({
  sessionId,
  daySlug: 'a',
  weekNumber: 1,
  liftsPerformed: [liftId],
});
const complete = (request, options) => client.progressions.handleSessionComplete(request, options);
const control = async (what) => (await fetch(`${parts.controlUrl}/${what}`)).text();
const isReplay = (headers) => headers.get('idempotency-replayed') === 'true';

async function publish(count) {
  const ids = Array.from({ length: count }, newRequestId);
  const events = ids.map((id) => ({
    id,
    type: 'payment_received',
    userId,
    data: { amount: 1, currency: 'EUR' },
  }));
  await client.events.publishEvents({ events });
  return ids;
}

/** Collects the ids of watched events until `wanted` are there. */
async function collect(stream, wanted, onFirst = () => undefined) {
  const missing = new Set(wanted);
  const seen = [];
  let isFirst = true;
  for await (const { event } of stream) {
    seen.push(event.id);
    missing.delete(event.id);
    if (missing.size === 0) {
      return seen;
    }
    if (isFirst) {
      isFirst = false;
      await onFirst();
    }
  }
  return seen;
}

const SCENARIOS = {
  async 'a replay has the stored answer'() {
    const request = { userId, session: session() };
    const replays = [];
    const options = withRequestId(newRequestId(), { onHeader: (headers) => replays.push(isReplay(headers)) });
    const answers = [await complete(request, options), await complete(request, options)];
    assert.deepEqual(answers[0], answers[1]);
    assert.deepEqual(replays, [false, true]);
  },
  async 'a write without a request ID gets one of its own'() {
    const request = () => complete({ userId, session: session() });
    assert.notEqual((await request()).outcome.results[0].logId, (await request()).outcome.results[0].logId);
  },
  async 'a request ID with another payload conflicts'() {
    const options = withRequestId(newRequestId());
    await complete({ userId, session: session() }, options);
    const refusal = await refusalOf(complete({ userId, session: session() }, options));
    contains(refusal, { code: 'ALREADY_EXISTS', reason: 'REQUEST_ID_REUSED', retryable: false });
  },
  async 'a deadline ends a call'() {
    const startedAtMs = performance.now();
    const late = complete({ userId: parts.heldUserId, session: session() }, { timeoutMs: 300 });
    contains(await refusalOf(late), { code: 'DEADLINE_EXCEEDED' });
    assert.ok(performance.now() - startedAtMs < 3_000);
  },
  async 'an aborted call ends at once'() {
    const signal = AbortSignal.timeout(100);
    const aborted = complete({ userId: parts.heldUserId, session: session() }, { signal });
    contains(await refusalOf(aborted), { code: 'CANCELED' });
  },
  async 'an unavailable service is called four times, under one request ID'() {
    const retries = { firstDelayMs: 1 };
    const lost = createNodeClient({ baseUrl: parts.unavailableUrl, accountId, retries });
    const requestId = newRequestId();
    const refusal = await refusalOf(lost.users.createUser({ name: 'Ada' }, withRequestId(requestId)));
    contains(refusal, { code: 'UNAVAILABLE', reason: 'DATABASE_UNAVAILABLE', retryAfterMs: 1_000 });
    assert.equal(await control(`attempts?requestId=${requestId}`), '4');
  },
  async 'with one attempt no call is made again'() {
    const lost = createNodeClient({ baseUrl: parts.unavailableUrl, accountId, retries: { attempts: 1 } });
    const requestId = newRequestId();
    await refusalOf(lost.users.createUser({ name: 'Ada' }, withRequestId(requestId)));
    assert.equal(await control(`attempts?requestId=${requestId}`), '1');
  },
  async 'a call during an outage is answered after it'() {
    // Ten delays, full jitter included, are longer than the outage.
    const patient = createNodeClient({ baseUrl: parts.url, accountId, retries: { attempts: 10 } });
    await control('refuse');
    contains(await patient.users.getUser({ userId }), { user: { id: userId } });
  },
  async 'a restart of the service loses no call and applies none twice'() {
    const before = await client.progressions.getLiftMax({ userId, liftId, maxType: 2 });
    const calls = Array.from({ length: 10 }, () => complete({ userId, session: session() }));
    const restarted = control('restart');
    const answers = await Promise.all(calls);
    await restarted;
    assert.ok(answers.every(({ outcome }) => outcome.totalApplied === 1));
    const after = await client.progressions.getLiftMax({ userId, liftId, maxType: 2 });
    assert.equal(after.liftMax.version - before.liftMax.version, 10);
  },
  async 'of 20 duplicates at once one is applied'() {
    const request = { userId, session: session() };
    const replays = [];
    const options = withRequestId(newRequestId(), { onHeader: (headers) => replays.push(isReplay(headers)) });
    const answers = await Promise.all(Array.from({ length: 20 }, () => complete(request, options)));
    assert.equal(new Set(answers.map(({ outcome }) => outcome.results[0].logId)).size, 1);
    assert.equal(replays.filter((isReplayed) => isReplayed).length, 19);
  },
  async 'a list is read page by page, each item once'() {
    const names = Array.from({ length: 7 }, (_, i) => `page-${i}-${newRequestId()}`);
    for (const name of names) {
      await client.users.createUser({ name });
    }
    const seen = [];
    for await (const { name } of listAll(client.users.listUsers, { pageSize: 3 }, 'users')) {
      seen.push(name);
    }
    assert.equal(new Set(seen).size, new Set(names.concat(seen)).size);
    assert.equal(names.filter((name) => seen.includes(name)).length, 7);
  },
  async 'a list that is left early asks for no further page'() {
    let pages = 0;
    const list = (request, options) => {
      pages += 1;
      return client.users.listUsers(request, options);
    };
    for await (const _ of listAll(list, { pageSize: 2 }, 'users')) {
      break;
    }
    assert.equal(pages, 1);
  },
  async 'events are watched as they are evaluated'() {
    await control('release');
    const watching = watchEvents(client, { fromBeginning: true, types: ['payment_received'] });
    const ids = await publish(3);
    assert.ok((await collect(watching, ids)).length >= 3);
  },
  async 'a stream that is cut goes on behind the last event'() {
    const ids = await publish(3);
    const reconnects = [];
    const watching = watchEvents(
      client,
      { fromBeginning: true, types: ['payment_received'] },
      { onReconnect: (cause) => reconnects.push(cause) },
    );
    const seen = await collect(watching, ids, async () => {
      await control('cut');
      ids.push(...(await publish(2)));
    });
    const later = await collect(
      watchEvents(client, { fromBeginning: true, types: ['payment_received'] }),
      ids,
    );
    assert.ok(reconnects.length >= 1);
    assert.deepEqual([...new Set(seen)], later.slice(0, new Set(seen).size));
  },
  async 'a signal ends a stream without an error'() {
    const signal = AbortSignal.timeout(200);
    for await (const _ of watchEvents(client, { types: ['appointment_booked'] }, { signal })) {
      assert.fail('an event of another type');
    }
    assert.ok(signal.aborted);
  },
  async 'the Connect protocol of browsers gives the same answers and errors'() {
    const web = createWebClient({ baseUrl: parts.url, accountId });
    contains(await web.users.getUser({ userId }), { user: { id: userId } });
    const error = await web.users.getUser({ userId: parts.unknownId }).catch((reason) => reason);
    assert.ok(hasReason(error, 'USER_NOT_FOUND'));
  },
};

async function report(name, run) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`FAILED ${name}: ${error}`.replaceAll('\n', ' '));
  }
}

for (const each of cases) {
  await report(each.name, () => runCase(each));
}
for (const [name, run] of Object.entries(SCENARIOS)) {
  await report(name, run);
}
process.exit();
