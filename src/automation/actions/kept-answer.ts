/** What of a webhook's answer is kept for later steps: its JSON, without the secrets that were sent. */
import type { JsonValue } from '@bufbuild/protobuf';
import { jsonFaults } from '../configuration/json-input.ts';
import type { WebhookContent } from './webhook-port.ts';

const REDACTED = '[secret]';
/** Templates have no use for deeper JSON, and each read of the run would parse it. */
const MOST_LEVELS = 32;

/** null for what is no JSON, and for JSON that cannot be stored. */
export function keptBody(content: WebhookContent | undefined, secrets: readonly string[]): JsonValue {
  if (!content || !/json/i.test(content.type)) {
    return null;
  }
  const json = redacted(parsed(content.text), secrets, 0);
  return json !== undefined && jsonFaults(json, '').length === 0 ? json : null;
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}

/** The text with each of the secrets replaced. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
}

/** undefined for JSON that is too deep. */
function redacted(json: JsonValue, secrets: readonly string[], level: number): JsonValue | undefined {
  if (typeof json === 'string') {
    return withoutSecrets(json, secrets);
  }
  if (typeof json !== 'object' || json === null) {
    return json;
  }
  if (level === MOST_LEVELS) {
    return undefined;
  }
  const entries = Object.entries(json).map(
    ([key, value]) => [withoutSecrets(key, secrets), redacted(value, secrets, level + 1)] as const,
  );
  if (entries.some(([, value]) => value === undefined)) {
    return undefined;
  }
  return Array.isArray(json)
    ? entries.map(([, value]) => value ?? null)
    : Object.fromEntries(entries.map(([key, value]) => [key, value ?? null]));
}
