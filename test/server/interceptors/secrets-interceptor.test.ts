/** Answers over the wire, of methods that forget to leave their secrets out. */
import { create, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { describeKeyring } from '../../support/keyring.ts';
import { startTestServer, TRANSPORTS } from '../test-server.ts';

const { keyring, service } = describeKeyring();
const makeFull = () => fromJson(keyring, { label: 'a', pass: 'x', many: [{ bytes: 'eA==', pins: ['x'] }] });
const HIDDEN = { label: 'a', hasPass: true, many: [{}] };

describe.each(Object.entries(TRANSPORTS))('over %s', (_, transport) => {
  async function startKeyring() {
    const server = await startTestServer({
      routes: (router) =>
        // The compiler has no types for the methods of a service that is described at run time.
        router.service(service, {
          get: makeFull,
          async *watch() {
            yield makeFull();
            yield makeFull();
          },
        } as object),
    });
    return createClient(service, transport(server.url)) as never as {
      get(request: object): Promise<never>;
      watch(request: object): AsyncIterable<never>;
    };
  }

  test('an answer has no secret', async () => {
    const client = await startKeyring();
    expect(toJson(keyring, await client.get(create(keyring)))).toEqual(HIDDEN);
  });

  test('no message of a stream has a secret', async () => {
    const client = await startKeyring();
    const seen: JsonValue[] = [];
    for await (const message of client.watch(create(keyring))) {
      seen.push(toJson(keyring, message));
    }
    expect(seen).toEqual([HIDDEN, HIDDEN]);
  });
});
