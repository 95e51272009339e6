/** Encrypts and decrypts secrets: AES-256-GCM, bound to their account and name. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SecretKey, SecretKeys } from '../../config/secret-keys.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The place of a secret; a ciphertext that is moved to another one is not accepted there. */
export interface SecretPlace {
  readonly accountId: string;
  readonly name: string;
}

export interface SealedSecret {
  readonly keyId: string;
  /** Nonce, tag and ciphertext. */
  readonly sealed: Uint8Array;
}

/** Encrypts with the current key and a random nonce. */
export function sealSecret({ current }: SecretKeys, place: SecretPlace, value: string): SealedSecret {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, current.key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(placeBytes(place));
  const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return { keyId: current.id, sealed: Buffer.concat([nonce, cipher.getAuthTag(), text]) };
}

/** undefined when neither key is the one that encrypted it, or when it was changed or moved. */
export function openSecret(
  keys: SecretKeys,
  place: SecretPlace,
  { keyId, sealed }: SealedSecret,
): string | undefined {
  const key = [keys.current, keys.previous].find((each) => each?.id === keyId);
  try {
    return key && decrypt(key, place, sealed);
  } catch {
    return undefined;
  }
}

function decrypt({ key }: SecretKey, place: SecretPlace, sealed: Uint8Array): string {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(placeBytes(place));
  decipher.setAuthTag(tag);
  const text = sealed.subarray(NONCE_BYTES + TAG_BYTES);
  return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
}

function placeBytes({ accountId, name }: SecretPlace): Buffer {
  return Buffer.from(`${accountId}:${name}`);
}
