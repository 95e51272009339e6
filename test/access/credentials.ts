/** An issuer for tests: its key, the configuration that trusts it, and tokens good and bad. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { onTestFinished } from 'vitest';

export const ISSUER = 'https://issuer.test';
export const AUDIENCE = 'progression-test';

export interface Issuer {
  readonly publicPem: string;
  /** The configuration of a server that trusts only this issuer, except AUTH_MODE. */
  readonly environment: Readonly<Record<string, string>>;
  /** A valid token, except for the changes of `claims` and `header`; an undefined claim is left out. */
  mint(claims: JWTPayload, header?: { alg?: string; kid?: string }): Promise<string>;
  /** Removes its files. */
  close(): void;
}

/** The claims of an acceptable token. */
export function claimsOf(accountId: string, subject: string, roles: readonly string[]): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, aud: AUDIENCE, sub: subject, account_id: accountId, roles, iat: now, exp: now + 600 };
}

export async function createIssuer(alg = 'ES256'): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const publicPem = await exportSPKI(publicKey);
  const directory = mkdtempSync(join(tmpdir(), 'progression-issuer-'));
  const publicKeyFile = join(directory, 'public.pem');
  writeFileSync(publicKeyFile, publicPem);
  return {
    publicPem,
    environment: {
      AUTH_PUBLIC_KEY_FILE: publicKeyFile,
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
    },
    mint: (claims, header) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg, ...header }).sign(privateKey),
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A token of three parts with this header and signature, as an attacker would forge it. */
export function assembleToken(
  header: Record<string, unknown>,
  claims: JWTPayload,
  sign: (signedPart: string) => Buffer,
): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signedPart = `${encode(header)}.${encode(claims)}`;
  return `${signedPart}.${sign(signedPart).toString('base64url')}`;
}

/** A file for the test, deleted afterwards. */
export function temporaryFile(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'progression-access-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, uuidv7());
  writeFileSync(path, text);
  return path;
}
