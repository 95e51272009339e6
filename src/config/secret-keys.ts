/** Reads the keys that encrypt the accounts' secrets from the environment. */
import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors/start-error.ts';

const KEY_BYTES = 32;
const ID_BYTES = 8;

export interface SecretKey {
  /** Tells keys apart, and says nothing about them: the beginning of the SHA-256 of the key. */
  readonly id: string;
  /** Not shown when the configuration is printed. */
  readonly key: KeyObject;
}

export interface SecretKeys {
  /** Encrypts. */
  readonly current: SecretKey;
  /** Decrypts what is not encrypted anew yet; undefined: no rotation is under way. */
  readonly previous: SecretKey | undefined;
}

/** undefined: accounts cannot have secrets. Throws ConfigError, without the value, for what is no key. */
export function readSecretKeys(environment: NodeJS.ProcessEnv): SecretKeys | undefined {
  const current = readKey(environment, 'SECRETS_KEY', 'SECRETS_KEY_FILE');
  const previous = readKey(environment, 'SECRETS_PREVIOUS_KEY', 'SECRETS_PREVIOUS_KEY_FILE');
  if (!current && previous) {
    throw new ConfigError('SECRETS_PREVIOUS_KEY goes with the SECRETS_KEY that takes its place');
  }
  return current && Object.freeze({ current, previous });
}

function readKey(environment: NodeJS.ProcessEnv, name: string, fileName: string): SecretKey | undefined {
  const file = environment[fileName];
  if (file && environment[name]) {
    throw new ConfigError(`${name} and ${fileName} exclude each other`);
  }
  const text = file ? readText(file, fileName) : environment[name];
  return text ? keyOf(text.trim(), file ? `the file that ${fileName} names` : name) : undefined;
}

function readText(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${name} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

function keyOf(text: string, where: string): SecretKey {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== text) {
    throw new ConfigError(`${where} must have ${KEY_BYTES} bytes in base64, as of openssl rand -base64 32`);
  }
  const id = createHash('sha256').update(bytes).digest().subarray(0, ID_BYTES).toString('hex');
  return Object.freeze({ id, key: createSecretKey(bytes) });
}
