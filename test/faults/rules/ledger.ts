/** What clients were told against the ledger: acknowledged ⊆ applied ⊆ sent, one answer and one payload a request. */
import { createHash } from 'node:crypto';
import type { History, LedgerRow, Violation } from '../history.ts';

interface Request {
  readonly accountId: string;
  readonly method: string;
  readonly requestId: string;
}

/** Events are known by their content, not by the bytes of the call that brought them. */
const PUBLISHING = 'PublishEvents';

export function checkLedger({ journal, stored, complaints }: History): Violation[] {
  const violations: Violation[] = [];
  const rows = new Map<string, LedgerRow>();
  for (const row of stored.ledger) {
    if (rows.has(keyOf(row))) {
      violations.push({ rule: 'REQUEST_ONCE', detail: `${keyOf(row)} is in the ledger twice` });
    }
    rows.set(keyOf(row), row);
  }
  const sent = new Set<string>();
  const settled = new Set<string>();
  const answers = new Map<string, string>();
  for (const line of journal) {
    const key = keyOf(line);
    const payloadKey = `${key} ${line.method === PUBLISHING ? '' : fingerprintOf(line.payload)}`;
    if (line.kind === 'SENT') {
      sent.add(payloadKey);
      continue;
    }
    settled.add(payloadKey);
    if (line.kind === 'REFUSED') {
      if (isDefect(line.code)) {
        violations.push({
          rule: 'NO_DEFECT',
          detail: `${key} was refused with ${line.code}: ${line.message}`,
        });
      }
      continue;
    }
    const row = rows.get(key);
    if (!row) {
      violations.push({ rule: 'ACKNOWLEDGED_IS_APPLIED', detail: `${key} was answered, and is not there` });
    } else if (line.method !== PUBLISHING && row.fingerprint !== fingerprintOf(line.payload)) {
      violations.push({ rule: 'PAYLOAD_OF_REQUEST', detail: `${key} was answered for another payload` });
    } else if (row.response !== line.response) {
      violations.push({ rule: 'ONE_ANSWER', detail: `${key} was answered with other bytes than are stored` });
    }
    const earlier = answers.get(key);
    if (earlier !== undefined && earlier !== line.response) {
      violations.push({
        rule: 'ONE_ANSWER',
        detail: `${key} was answered twice, and not with the same bytes`,
      });
    }
    answers.set(key, line.response);
  }
  for (const [key, row] of rows) {
    if (!sent.has(`${key} ${row.method === PUBLISHING ? '' : row.fingerprint}`)) {
      violations.push({ rule: 'APPLIED_WAS_SENT', detail: `${key} is in the ledger, and nobody sent it` });
    }
  }
  for (const key of sent) {
    if (!settled.has(key)) {
      violations.push({ rule: 'NO_DEFECT', detail: `${key} was never answered` });
    }
  }
  for (const detail of complaints) {
    violations.push({ rule: 'NO_DEFECT', detail });
  }
  return violations;
}

function keyOf({ accountId, method, requestId }: Request): string {
  return `${accountId} ${method} ${requestId}`;
}

function fingerprintOf(payload: string): string {
  return createHash('sha256').update(Buffer.from(payload, 'base64')).digest('base64');
}

/** UNKNOWN, UNIMPLEMENTED, INTERNAL and DATA_LOSS: nothing that a caller can be told for a reason of theirs. */
function isDefect(code: number): boolean {
  return [2, 12, 13, 15].includes(code);
}
