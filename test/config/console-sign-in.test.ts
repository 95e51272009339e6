/** How people sign in to the console, as the environment says. */
import { expect, test } from 'vitest';
import { readConsoleSignIn } from '../../src/config/console-sign-in.ts';

const TOKEN = {
  ...{ keysUrl: 'https://issuer.example.com/keys', publicKeyFile: '', audience: 'progression' },
  ...{ algorithms: ['ES256'], accountClaim: 'account_id', rolesClaim: 'roles' },
};
const jwt = (issuer: string) => ({ mode: 'jwt', token: { ...TOKEN, issuer } }) as const;
const ISSUER = 'https://issuer.example.com';

test('a client id leads people to the issuer of the tokens, and without one they paste a token', () => {
  expect(readConsoleSignIn({ CONSOLE_OIDC_CLIENT_ID: 'console' }, jwt(ISSUER))).toEqual({
    ...{ issuer: ISSUER, clientId: 'console' },
  });
  expect(readConsoleSignIn({}, jwt('urn:issuer'))).toBeUndefined();
});

test.each([
  [{ mode: 'none' } as const, 'needs AUTH_MODE jwt or jwt+mtls, not none'],
  [jwt('urn:issuer'), 'not "urn:issuer"'],
  [jwt('issuer.example.com'), 'not "issuer.example.com"'],
  [jwt('ftp://issuer.example.com'), 'not "ftp://issuer.example.com"'],
])('a client id with %o is refused', (auth, message) => {
  expect(() => readConsoleSignIn({ CONSOLE_OIDC_CLIENT_ID: 'console' }, auth)).toThrow(message);
});
