/** The errors of the JSON face: Connect's form, with the reasons of the service. */
import { Code } from '@connectrpc/connect';
import { codeToHttpStatus, codeToString } from '@connectrpc/connect/protocol-connect';
import { ERROR_TABLE, type ErrorRow } from '../../src/errors/error-table.ts';
import { type JsonSchema, reference } from './field-schemas.ts';

/** The details that errors have. */
export const ERROR_DETAILS = [
  'google.rpc.ErrorInfo',
  'google.rpc.BadRequest',
  'google.rpc.RetryInfo',
  'google.rpc.RequestInfo',
];

const ROWS = Object.entries(ERROR_TABLE) as [string, ErrorRow][];
const CODES = Object.values(Code).filter((code) => typeof code === 'number');
const CODE_NAMES = CODES.map((code) => codeToString(code));

export const ERROR_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Error: {
    type: 'object',
    description:
      'A failed call. Branch on the code and the reason in `google.rpc.ErrorInfo`; messages may change.',
    required: ['code'],
    properties: {
      code: { type: 'string', enum: CODE_NAMES },
      message: { type: 'string', description: 'For developers, in English.' },
      details: { type: 'array', items: { $ref: reference('ErrorDetail') } },
    },
  },
  ErrorDetail: {
    type: 'object',
    required: ['type', 'value'],
    properties: {
      type: { type: 'string', enum: ERROR_DETAILS },
      value: {
        type: 'string',
        description: 'The message of this type in binary form, as base64 without padding.',
      },
      debug: {
        description: 'The same message as JSON.',
        anyOf: ERROR_DETAILS.map(($ref) => ({ $ref: reference($ref) })),
      },
    },
  },
  ErrorReason: {
    type: 'string',
    description: 'Why a call failed; docs/errors.md says more of each.',
    enum: ROWS.map(([reason]) => reason),
    'x-reasons': Object.fromEntries(ROWS.map(([reason, row]) => [reason, describeRow(row)])),
  },
};

/** When a retry alone may help, `retryAfterMs` says after which delay. */
function describeRow({ code, retryDelayMs }: ErrorRow) {
  return {
    code: codeToString(code),
    http: codeToHttpStatus(code),
    ...(retryDelayMs !== null && { retryAfterMs: retryDelayMs }),
  };
}

/** The reasons that a comment names, by their HTTP status; names of codes are no reasons there. */
export function reasonsByStatus(comments: string): Map<number, string[]> {
  const words = new Set(comments.match(/\b[A-Z][A-Z0-9_]+\b/g));
  const byStatus = new Map<number, string[]>();
  for (const [reason, { code }] of ROWS) {
    if (words.has(reason) && !CODE_NAMES.includes(reason.toLowerCase())) {
      const status = codeToHttpStatus(code);
      byStatus.set(status, [...(byStatus.get(status) ?? []), reason]);
    }
  }
  return byStatus;
}
