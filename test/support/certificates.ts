/** X.509 certificates for tests: an authority, and its certificates with any names and dates. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** `names` as in `URI:spiffe://example.org/schedule`, `DNS:localhost`, `IP:127.0.0.1`. */
  issue(names: readonly string[], details?: { notAfter?: Date; commonName?: string }): Certificate;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The tags of DER that are used here. */
const TAG = {
  boolean: 1,
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  utf8: 12,
  utcTime: 23,
  sequence: 48,
  set: 49,
};
const OID = {
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  commonName: [0x55, 0x04, 0x03],
  subjectAlternativeName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
};

/** A new authority, which nothing trusts yet. */
export function createAuthority(name = 'Test authority'): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = der(TAG.sequence, der(TAG.boolean, [0xff]));
  const own = assemble(name, name, keys.publicKey, keys.privateKey, [
    extension(OID.basicConstraints, isAuthority),
  ]);
  return {
    ...own,
    issue(names, { commonName = 'Test subject', ...validity } = {}) {
      const subject = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { certificate } = assemble(
        name,
        commonName,
        subject.publicKey,
        keys.privateKey,
        [extension(OID.subjectAlternativeName, der(TAG.sequence, ...names.map(generalName)))],
        validity,
      );
      return { certificate, key: pemOf(subject.privateKey) };
    },
  };
}

function assemble(
  issuer: string,
  subject: string,
  publicKey: KeyObject,
  issuerKey: KeyObject,
  extensions: readonly Buffer[],
  { notAfter = new Date(Date.now() + HOUR_MS) }: { notAfter?: Date } = {},
): Certificate {
  const algorithm = der(TAG.sequence, der(TAG.oid, OID.ecdsaWithSha256));
  const body = der(
    TAG.sequence,
    // Version 3, and a serial number that is positive.
    der(0xa0, der(TAG.integer, [2])),
    der(TAG.integer, [1, ...randomBytes(8)]),
    algorithm,
    distinguishedName(issuer),
    der(TAG.sequence, utcTime(new Date(Date.now() - DAY_MS)), utcTime(notAfter)),
    distinguishedName(subject),
    createPublicKey(publicKey.export({ format: 'pem', type: 'spki' })).export({
      format: 'der',
      type: 'spki',
    }),
    der(0xa3, der(TAG.sequence, ...extensions)),
  );
  const signature = sign('sha256', body, issuerKey);
  const whole = der(TAG.sequence, body, algorithm, der(TAG.bits, [0], signature));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: pemOf(issuerKey),
  };
}

function der(tag: number, ...content: (Uint8Array | readonly number[])[]): Buffer {
  const value = Buffer.concat(content.map((part) => Buffer.from(part)));
  const { length } = value;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

function distinguishedName(name: string): Buffer {
  const attribute = der(TAG.sequence, der(TAG.oid, OID.commonName), der(TAG.utf8, Buffer.from(name)));
  return der(TAG.sequence, der(TAG.set, attribute));
}

function utcTime(date: Date): Buffer {
  const text = date
    .toISOString()
    .replace(/^\d\d(\d\d)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d).*$/, '$1$2$3$4$5$6Z');
  return der(TAG.utcTime, Buffer.from(text));
}

function extension(oid: readonly number[], value: Buffer): Buffer {
  return der(TAG.sequence, der(TAG.oid, oid), der(TAG.octets, value));
}

function generalName(name: string): Buffer {
  const [kind, value = ''] = [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)];
  switch (kind) {
    case 'DNS':
      return der(0x82, Buffer.from(value));
    case 'URI':
      return der(0x86, Buffer.from(value));
    case 'IP':
      return der(0x87, value.split('.').map(Number));
    default:
      throw new TypeError(`no such kind of name: ${name}`);
  }
}

function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}
