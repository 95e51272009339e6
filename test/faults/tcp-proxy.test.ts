/** The proxy forwards bytes, and injects network faults. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

const COMMIT = Buffer.from('Q\0\0\0\x0bcommit\0');

let echo: Server;
let proxy: TcpProxy;
beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await startTcpProxy();
  proxy.setTarget({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
});
afterEach(async () => {
  await proxy.close();
  echo.close();
});

async function open(port = proxy.port): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  await once(socket, 'connect');
  return { socket, received: () => received };
}

test('a proxy forwards bytes in both directions', async () => {
  const { socket, received } = await open();

  socket.write('one ');
  socket.write('two');

  await expect.poll(received).toBe('one two');
});

test('a proxy closes a cut connection', async () => {
  const { socket, received } = await open();
  socket.write('one');
  await expect.poll(received).toBe('one');

  proxy.cut();

  await once(socket, 'close');
});

test('a half-open connection stays open and transfers nothing until it is healed', async () => {
  const { socket, received } = await open();
  proxy.halfOpen();
  socket.write('one');
  const direct = await open((echo.address() as AddressInfo).port);
  for (const text of ['a', 'ab', 'abc']) {
    direct.socket.write(text.slice(-1));
    await expect.poll(direct.received).toBe(text);
  }
  direct.socket.destroy();

  expect(received()).toBe('');
  expect(socket.closed).toBe(false);

  proxy.heal();
  await expect.poll(received).toBe('one');
});

test('a proxy with cutAfterCommits forwards a commit and drops its response', async () => {
  const { socket, received } = await open();
  proxy.cutAfterCommits(1);
  socket.write('begin');
  await expect.poll(received).toBe('begin');

  socket.write(COMMIT);

  await once(socket, 'close');
  expect(received()).toBe('begin');
  expect(proxy.commitsCut).toBe(1);
});

test('a proxy without a target refuses connections', async () => {
  proxy.setTarget(undefined);
  const socket = connect(proxy.port, '127.0.0.1');
  socket.on('error', () => {});

  await once(socket, 'close');
});
