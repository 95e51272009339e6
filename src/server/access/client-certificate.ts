/** Client certificates: reads their names, and maps them to principals by the operator's file. */
import { readFileSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import { createContextKey } from '@connectrpc/connect';
import { StartError } from '../../errors/start-error.ts';
import { type Principal, readPrincipal, unauthenticated } from './principal.ts';

/** The TLS connection that a call came over; undefined in clear text. Set by the listener. */
export const tlsSocketKey = createContextKey<TLSSocket | undefined>(undefined, {
  description: 'the connection with the client certificate',
});

/** The principal of a connection's client certificate. */
export type IdentifyCertificate = (socket: TLSSocket | undefined) => Principal;

const NAME_IN_FILE = { accountId: 'account', subject: 'subject', roles: 'roles' };

/**
 * Reads the file that maps certificate names to principals: a JSON object of
 * `"URI:spiffe://example.org/schedule": {"account": "…", "subject": "schedule", "roles": ["service"]}`, with
 * `DNS:` for host names. Throws StartError when the file cannot be read or has another shape.
 */
export function readCertificatePrincipals(path: string): IdentifyCertificate {
  const principals = new Map(Object.entries(readEntries(path)));
  return (socket) => {
    const names = certificateNamesOf(socket);
    const known = names.flatMap((name) => principals.get(name) ?? []);
    const [principal] = known;
    if (!principal || known.length > 1) {
      throw unauthenticated(
        `the client certificate has ${known.length} names that match a principal, not one`,
      );
    }
    return principal;
  };
}

function readEntries(path: string): Record<string, Principal> {
  try {
    const entries: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
      throw new TypeError('it is not a JSON object');
    }
    return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, readEntry(name, entry)]));
  } catch (error) {
    throw new StartError(`cannot use AUTH_PRINCIPALS_FILE ${path}: ${(error as Error).message}`);
  }
}

function readEntry(name: string, entry: unknown): Principal {
  if (!/^(URI|DNS):./.test(name)) {
    throw new TypeError(`"${name}" begins with neither URI: nor DNS:`);
  }
  const { account, subject, roles } = (entry ?? {}) as Record<string, unknown>;
  return readPrincipal({ accountId: account, subject, roles }, NAME_IN_FILE);
}

/**
 * The `URI:` and `DNS:` names of a connection's client certificate. Throws UNAUTHENTICATED when there is
 * none, when the client CA did not issue it, or when it has expired since the handshake.
 */
export function certificateNamesOf(socket: TLSSocket | undefined): string[] {
  const certificate = socket?.authorized ? socket.getPeerX509Certificate() : undefined;
  if (!certificate) {
    throw unauthenticated('the connection has no client certificate of an accepted authority');
  }
  if (Date.parse(certificate.validTo) < Date.now()) {
    throw unauthenticated('the client certificate has expired');
  }
  return alternativeNames(certificate.subjectAltName ?? '');
}

/** Node quotes names that could be read as two names; such a name matches no principal. */
function alternativeNames(text: string): string[] {
  const names = text.matchAll(/([^:,]+:)("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/gy);
  return [...names].flatMap(([, kind, value]) =>
    (kind === 'URI:' || kind === 'DNS:') && value && !value.startsWith('"') ? [`${kind}${value}`] : [],
  );
}
