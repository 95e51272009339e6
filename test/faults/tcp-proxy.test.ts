/** The proxy passes bytes on, and does what it is told to connections. */
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
  proxy.leadTo({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
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

test('bytes come through, in both directions', async () => {
  const { socket, received } = await open();

  socket.write('one ');
  socket.write('two');

  await expect.poll(received).toBe('one two');
});

test('a cut connection ends', async () => {
  const { socket, received } = await open();
  socket.write('one');
  await expect.poll(received).toBe('one');

  proxy.cut();

  await once(socket, 'close');
});

test('a half-open connection stays, and says nothing until it is healed', async () => {
  const { socket, received } = await open();
  proxy.halfOpen();
  socket.write('one');
  const past = await open((echo.address() as AddressInfo).port);
  for (const said of ['a', 'ab', 'abc']) {
    past.socket.write(said.slice(-1));
    await expect.poll(past.received).toBe(said);
  }
  past.socket.destroy();

  expect(received()).toBe('');
  expect(socket.closed).toBe(false);

  proxy.heal();
  await expect.poll(received).toBe('one');
});

test('a commit gets there, and its answer does not come back', async () => {
  const { socket, received } = await open();
  proxy.cutAfterCommits(1);
  socket.write('begin');
  await expect.poll(received).toBe('begin');

  socket.write(COMMIT);

  await once(socket, 'close');
  expect(received()).toBe('begin');
  expect(proxy.commitsCut).toBe(1);
});

test('without a target connections are refused', async () => {
  proxy.leadTo(undefined);
  const socket = connect(proxy.port, '127.0.0.1');
  socket.on('error', () => {});

  await once(socket, 'close');
});
