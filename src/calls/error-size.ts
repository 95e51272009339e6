/**
 * Keeps errors small. gRPC sends them in trailers, and many clients take 8 KiB of headers at most: of a larger error such
 * a client sees nothing at all.
 */
import { describeViolation, type FieldViolation } from '../errors/domain-error.ts';

/** Of the message, as gRPC escapes it. It is sent twice: the second time in base64, within the details. */
const MESSAGE_BYTES = 1000;
/** Of all violations, before base64. */
const VIOLATIONS_BYTES = 1700;
const VIOLATION_TEXT_BYTES = 350;
/** Of all metadata, before base64. */
const METADATA_BYTES = 600;
/** Of a key or a value, and of what frames them on the wire. */
const FRAME_BYTES = 8;

export interface SentViolations {
  readonly listed: FieldViolation[];
  /** How many there are beside those. */
  readonly more: number;
}

/** The first violations that fit, and how many do not. */
export function fitViolations(violations: readonly FieldViolation[], more: number): SentViolations {
  const listed: FieldViolation[] = [];
  let left = VIOLATIONS_BYTES;
  for (const violation of violations) {
    const field = fitText(violation.field, VIOLATION_TEXT_BYTES);
    const description = fitText(violation.description, VIOLATION_TEXT_BYTES);
    left -= Buffer.byteLength(field) + Buffer.byteLength(description) + FRAME_BYTES;
    if (left < 0) {
      break;
    }
    listed.push({ field, description });
  }
  return { listed, more: more + violations.length - listed.length };
}

/** The metadata, with values cut where there are too many bytes. */
export function fitMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  let left = METADATA_BYTES;
  const fitting = Object.entries(metadata).map(([key, value]) => {
    left -= Buffer.byteLength(key) + FRAME_BYTES;
    const cut = fitText(value, Math.max(left, 0));
    left -= Buffer.byteLength(cut);
    return [key, cut] as const;
  });
  return Object.fromEntries(fitting);
}

/** A message, cut to what its header takes; a text that is no Unicode could not be escaped at all. */
export function fitMessage(message: string): string {
  return beginningOf(message, MESSAGE_BYTES, escapedLength);
}

/** What is wrong with a request, as far as it fits, and how much more there is. */
export function messageOfViolations(violations: readonly FieldViolation[], more: number): string {
  let message = '';
  let described = 0;
  for (const violation of violations) {
    const longer = `${message}${message === '' ? '' : '; '}${describeViolation(violation)}`.toWellFormed();
    if (escapedLength(longer) > MESSAGE_BYTES - 50) {
      break;
    }
    message = longer;
    described += 1;
  }
  const [first] = violations;
  const rest = more + violations.length - Math.max(described, 1);
  const begun =
    message || (first ? beginningOf(describeViolation(first), MESSAGE_BYTES - 50, escapedLength) : '');
  return rest > 0 ? `${begun}; and ${rest} more` : begun;
}

function fitText(text: string, bytes: number): string {
  return beginningOf(text, bytes, Buffer.byteLength);
}

function escapedLength(text: string): number {
  return encodeURIComponent(text).length;
}

/** The beginning of a text, by whole characters, with a sign that it was longer. */
function beginningOf(text: string, most: number, lengthOf: (text: string) => number): string {
  // No character is shorter than one byte.
  const sound = text.slice(0, most + 1).toWellFormed();
  if (text.length <= most && lengthOf(sound) <= most) {
    return sound;
  }
  let fitting = '';
  let length = lengthOf('…');
  for (const character of sound) {
    length += lengthOf(character);
    if (length > most) {
      break;
    }
    fitting += character;
  }
  return `${fitting}…`;
}
