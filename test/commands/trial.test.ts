/** TRIAL=on: one command, and the port is open to others, with a token for those who read the output. */
import { afterEach, describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { runCommand, type ServiceProcess, startCommand, urlIn } from '../support/service-process.ts';
import { createEmptyDatabase } from '../support/test-database.ts';

/** A first start writes the demo account and its history. */
const START_MS = 120_000;

let service: ServiceProcess | undefined;
afterEach(async () => {
  service?.child.kill('SIGTERM');
  await service?.ended;
});

function listUsers(url: string, headers: Record<string, string>): Promise<Response> {
  return fetch(`${url}/progression.v1.UserService/ListUsers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{}',
  });
}

test('a trial serves every interface, and prints a call with the only token that it takes', {
  timeout: START_MS,
}, async () => {
  const db = await createEmptyDatabase();
  service = startCommand(['serve'], { DATABASE_URL: db.url, HOST: '0.0.0.0', TRIAL: 'on' });
  const line = await service.firstLine;
  const token = /-H 'authorization: (Bearer [\w.-]+)'/.exec(line)?.[1];
  expect(token, line).toBeDefined();

  const answer = await listUsers(urlIn(line), { authorization: `${token}` });
  expect(JSON.stringify(await answer.json())).toContain('"Demo Novice"');
  expect((await listUsers(urlIn(line), {})).status).toBe(401);
  const another = `${token}`.replace(/\.[^.]*$/, `.${'A'.repeat(86)}`);
  expect((await listUsers(urlIn(line), { authorization: another })).status).toBe(401);

  service.child.kill('SIGTERM');
  const { stderr } = await service.ended;
  expect(stderr).not.toContain(`${token}`.slice(-20));
  await db.close();
});

describe('without it', () => {
  test('a start that would be open to everybody says in one line what is missing, and offers it', async () => {
    const { code, stdout, stderr } = await runCommand(['serve'], { HOST: '0.0.0.0', DATABASE_URL: '' });

    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^AUTH_MODE none .* set AUTH_MODE to jwt, mtls or jwt\+mtls, or TRIAL to on .*\n$/,
    );
    expect(stderr.split('\n')).toHaveLength(2);
  });
});

test('a trial does not go with credentials of another kind', () => {
  const environment = {
    ...{ TRIAL: 'on', AUTH_MODE: 'mtls', AUTH_PRINCIPALS_FILE: '/principals.json' },
    ...{ TLS_CERT_FILE: '/tls.crt', TLS_KEY_FILE: '/tls.key', TLS_CLIENT_CA_FILE: '/ca.crt' },
  };
  expect(() => readConfig(environment)).toThrow(
    new ConfigError('TRIAL makes a key of its own: it must be off with AUTH_MODE mtls'),
  );
});
