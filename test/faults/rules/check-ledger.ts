/**
 * Compares answers with the ledger: acknowledged ⊆ applied ⊆ sent, one answer and one payload per request.
 */
import { createHash } from 'node:crypto';
import { LOAD_LIMIT } from '../machine-load.ts';
import { type History, type LedgerRow, mayBeLost, type Violation } from '../run-history.ts';

interface Request {
  readonly accountId: string;
  readonly method: string;
  readonly requestId: string;
}

/** Events have a fingerprint of their content, not of the bytes of the call. */
const PUBLISHING = 'PublishEvents';

export function checkLedger(history: History): Violation[] {
  const { accounts, journal, stored, serverErrors, loadPerProcessor } = history;
  const violations: Violation[] = [];
  // A server fills the demo account when it starts.
  const accountIds = new Set(accounts.map(({ accountId }) => accountId));
  const rows = new Map<string, LedgerRow>();
  for (const row of stored.ledger) {
    if (rows.has(toRequestKey(row))) {
      violations.push({ rule: 'REQUEST_ONCE', detail: `${toRequestKey(row)} is in the ledger twice` });
    }
    rows.set(toRequestKey(row), row);
  }
  const sent = new Set<string>();
  const settled = new Set<string>();
  const answers = new Map<string, string>();
  for (const line of journal) {
    const key = toRequestKey(line);
    const payloadKey = `${key} ${line.method === PUBLISHING ? '' : computeFingerprint(line.payload)}`;
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
    if (row?.response !== line.response && mayBeLost(history, line)) {
      continue;
    }
    if (!row) {
      violations.push({
        rule: 'ACKNOWLEDGED_IS_APPLIED',
        detail: `${key} was acknowledged, but is not in the ledger`,
      });
    } else if (line.method !== PUBLISHING && row.fingerprint !== computeFingerprint(line.payload)) {
      violations.push({ rule: 'PAYLOAD_OF_REQUEST', detail: `${key} was acknowledged for another payload` });
    } else if (row.response !== line.response) {
      violations.push({
        rule: 'ONE_ANSWER',
        detail: `${key} was answered with bytes that differ from the stored answer`,
      });
    }
    const earlier = answers.get(key);
    if (earlier !== undefined && earlier !== line.response) {
      violations.push({
        rule: 'ONE_ANSWER',
        detail: `${key} was answered twice with different bytes`,
      });
    }
    answers.set(key, line.response);
  }
  for (const [key, row] of rows) {
    const isSent = sent.has(`${key} ${row.method === PUBLISHING ? '' : row.fingerprint}`);
    if (!isSent && accountIds.has(row.accountId)) {
      violations.push({ rule: 'APPLIED_WAS_SENT', detail: `${key} is in the ledger, but no client sent it` });
    }
  }
  for (const key of sent) {
    if (!settled.has(key)) {
      const rule = loadPerProcessor > LOAD_LIMIT ? 'OVERLOADED' : 'NO_DEFECT';
      violations.push({ rule, detail: `${key} was never answered` });
    }
  }
  for (const detail of serverErrors) {
    violations.push({ rule: 'NO_DEFECT', detail });
  }
  return violations;
}

function toRequestKey({ accountId, method, requestId }: Request): string {
  return `${accountId} ${method} ${requestId}`;
}

function computeFingerprint(payload: string): string {
  return createHash('sha256').update(Buffer.from(payload, 'base64')).digest('base64');
}

/** UNKNOWN, UNIMPLEMENTED, INTERNAL and DATA_LOSS: errors that no caller can cause. */
function isDefect(code: number): boolean {
  return [2, 12, 13, 15].includes(code);
}
