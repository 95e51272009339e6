/** Validates the action call_webhook. */
import { shown } from '../../../calls/shown-text.ts';
import type { FieldViolation } from '../../../errors/domain-error.ts';
import { describeTextProblem } from '../../../filters/typed-values.ts';
import {
  type CallWebhookAction,
  type WebhookHeader,
  WebhookMethod,
  WebhookMethodSchema,
} from '../../../gen/automation/v1/action_pb.ts';
import { refusalOfWebhookUrl } from '../../actions/webhook-address.ts';
import { isWebhookSecret, WEBHOOK_SECRET_RULE } from '../../actions/webhook-signature.ts';
import { isTemplate } from '../../liquid/engine.ts';
import { jsonFaults } from '../json-input.ts';
import { MOST_SIGNATURES } from '../stored-actions.ts';
import type { ActionCheck, ActionContext } from './action-check.ts';
import { checkEnum, checkText, violationUnless } from './field-checks.ts';

export const checkWebhook: ActionCheck<'callWebhook'> = (action, context, path) => {
  const { url, secret, signingSecrets, data = {} } = action;
  return [
    ...checkSigningSecrets(signingSecrets, secret !== '', context, `${path}.signing_secrets`),
    ...checkUrl(url, context, `${path}.url`),
    ...violationUnless(secret === '' || isWebhookSecret(secret), `${path}.secret`, WEBHOOK_SECRET_RULE),
    ...jsonFaults(data, `${path}.data`),
    ...checkEnum(WebhookMethodSchema, action.method, `${path}.method`),
    ...checkHeaders(action.headers, context, `${path}.headers`),
    ...checkBody(action, context, path),
    ...checkStatuses(action.successStatuses, context, `${path}.success_statuses`),
  ];
};

/** Headers of the connection, of the body, and of the signature. */
const OWN_HEADERS =
  /^(connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|webhook-(id|timestamp|signature))$/i;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

function checkHeaders(
  headers: readonly WebhookHeader[],
  { limits }: ActionContext,
  path: string,
): FieldViolation[] {
  const { webhookHeaders, webhookTextCharacters } = limits;
  if (headers.length > webhookHeaders) {
    return [{ field: path, description: `must be at most ${webhookHeaders}; are ${headers.length}` }];
  }
  const names = headers.map(({ name }) => name.toLowerCase());
  const most = webhookTextCharacters.toLocaleString('en');
  return headers.flatMap(({ name, value }, index) => {
    const isName = HEADER_NAME.test(name) && !OWN_HEADERS.test(name);
    const isValue = value.length <= webhookTextCharacters && (isTemplate(value) || HEADER_VALUE.test(value));
    const nameRule = `must be the name of a header that neither the connection nor the signature sets; was ${shown(name)}`;
    return [
      ...violationUnless(isName, `${path}[${index}].name`, nameRule),
      ...violationUnless(
        names.indexOf(name.toLowerCase()) === index,
        `${path}[${index}].name`,
        `must be there once; ${shown(name)} is an earlier one as well`,
      ),
      ...violationUnless(
        isValue,
        `${path}[${index}].value`,
        `must be at most ${most} printable ASCII characters, or a template`,
      ),
    ];
  });
}

function checkBody(
  { body, method, data }: CallWebhookAction,
  { limits }: ActionContext,
  path: string,
): FieldViolation[] {
  if (body.case === undefined) {
    return [];
  }
  const field = `${path}.${body.case}`;
  const faults = [
    ...violationUnless(method !== WebhookMethod.GET, field, 'must be absent with WEBHOOK_METHOD_GET'),
    ...violationUnless(data === undefined, `${path}.data`, `must be absent: ${body.case} is sent instead`),
  ];
  if (body.case === 'json') {
    return [...faults, ...jsonFaults(body.value, field)];
  }
  const { fields } = body.value;
  const { webhookFormFields, webhookTextCharacters } = limits;
  if (fields.length > webhookFormFields) {
    return [
      ...faults,
      { field: `${field}.fields`, description: `must be at most ${webhookFormFields}; are ${fields.length}` },
    ];
  }
  return [
    ...faults,
    ...fields.flatMap(({ name, value }, index) => [
      ...checkText(name, 1, webhookTextCharacters, `${field}.fields[${index}].name`),
      ...checkText(value, 0, webhookTextCharacters, `${field}.fields[${index}].value`),
    ]),
  ];
}

function checkStatuses(
  statuses: readonly number[],
  { limits }: ActionContext,
  path: string,
): FieldViolation[] {
  if (statuses.length > limits.webhookStatuses) {
    return [
      { field: path, description: `must be at most ${limits.webhookStatuses}; are ${statuses.length}` },
    ];
  }
  return statuses.flatMap((status, index) =>
    violationUnless(
      Number.isInteger(status) && status >= 200 && status <= 599,
      `${path}[${index}]`,
      `must be a status from 200 to 599; was ${status}`,
    ),
  );
}

function checkSigningSecrets(
  names: readonly string[],
  hasSecret: boolean,
  context: ActionContext,
  path: string,
): FieldViolation[] {
  if (names.length + Number(hasSecret) > MOST_SIGNATURES) {
    return [{ field: path, description: `must have at most ${MOST_SIGNATURES} secrets, with secret` }];
  }
  return names.flatMap((name, index) => {
    const field = `${path}[${index}]`;
    const value = context.references.secrets.get(name);
    return value === undefined
      ? [{ field, description: secretRule(context) }]
      : violationUnless(isWebhookSecret(value), field, `must name a secret that ${WEBHOOK_SECRET_RULE}`);
  });
}

/** What the name of a secret must be. */
function secretRule({ hasSecretKeys }: ActionContext): string {
  return hasSecretKeys
    ? 'must be the name of a secret of the account; SetSecret stores one'
    : 'must be empty: the server has no key for secrets (its operator sets SECRETS_KEY or SECRETS_KEY_FILE)';
}

/** A template may not decide to which host secrets go, unless the secret says it itself. */
const LITERAL_HOST = /^https?:\/\/[^/?#{}]+[/?#]/i;
const SECRET_ADDRESS = /^\{\{-?\s*secrets\./;

function checkUrl(text: string, { limits, webhooks }: ActionContext, field: string): FieldViolation[] {
  if (text.length > limits.webhookUrlCharacters || describeTextProblem(text) !== undefined) {
    const most = limits.webhookUrlCharacters.toLocaleString('en');
    return [{ field, description: `must be an address of at most ${most} characters` }];
  }
  if (isTemplate(text)) {
    const [origin] = LITERAL_HOST.exec(text) ?? [];
    if (!origin) {
      const rule = 'must begin with a literal https://host/, or with {{ secrets.name }}';
      return violationUnless(SECRET_ADDRESS.test(text), field, `${rule}; was ${shown(text)}`);
    }
    const refusal = refusalOfWebhookUrl(origin, webhooks);
    return refusal === undefined ? [] : [{ field, description: refusal }];
  }
  const description = refusalOfWebhookUrl(text, webhooks);
  return description === undefined ? [] : [{ field, description }];
}
