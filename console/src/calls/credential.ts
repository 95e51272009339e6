/** The token of this page's calls: kept in memory only, so that closing the page signs out. */
import { useSyncExternalStore } from 'react';

interface Credential {
  /** Empty: calls go without a token. */
  readonly token: string;
  /** The server refused a call without a valid token. */
  readonly isRefused: boolean;
}

let credential: Credential = { token: '', isRefused: false };
const listeners = new Set<() => void>();

export function currentToken(): string {
  return credential.token;
}

export function signIn(token: string): void {
  change({ token, isRefused: false });
}

export function signOut(): void {
  change({ token: '', isRefused: true });
}

/** A call was answered with UNAUTHENTICATED. */
export function reportRefusal(): void {
  if (!credential.isRefused) {
    change({ ...credential, isRefused: true });
  }
}

export function useCredential(): Credential {
  return useSyncExternalStore(subscribe, () => credential);
}

function change(next: Credential): void {
  credential = next;
  for (const listener of listeners) {
    listener();
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
