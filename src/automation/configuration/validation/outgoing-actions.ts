/** Checks of the actions that emit events, call webhooks and wait. */
import type { FieldViolation } from '../../../errors/domain-error.ts';
import { describeTextProblem } from '../../../filters/typed-values.ts';
import { isHourAndMinute } from '../../../values/civil-date.ts';
import { refusalOfWebhookUrl } from '../../actions/webhook-address.ts';
import { isWebhookSecret, WEBHOOK_SECRET_RULE } from '../../actions/webhook-signature.ts';
import { CUSTOM_PREFIX } from '../../event-types/event-types.ts';
import { validateEventData } from '../../event-types/validate-event-data.ts';
import { violationUnless } from '../../time/field-checks.ts';
import { jsonFaults } from '../json-input.ts';
import type { ActionChecks, ActionContext } from './action-check.ts';
import { checkSpan } from './checks.ts';

export const OUTGOING_ACTIONS: ActionChecks<'emitEvent' | 'callWebhook' | 'wait'> = {
  emitEvent: ({ type, data = {} }, { types, limits }, path) => {
    const eventType = type.startsWith(CUSTOM_PREFIX) ? types.eventType(type) : undefined;
    if (!eventType) {
      const description = 'must be an event of the account’s own, such as custom.checked_in';
      return [{ field: `${path}.type`, description }];
    }
    return validateEventData(eventType, { data, previous: null }, limits).map(({ field, description }) => ({
      field: `${path}.${field}`,
      description,
    }));
  },
  callWebhook: ({ url, secret, data = {} }, context, path) => [
    ...checkUrl(url, context, `${path}.url`),
    ...violationUnless(secret === '' || isWebhookSecret(secret), `${path}.secret`, WEBHOOK_SECRET_RULE),
    ...jsonFaults(data, `${path}.data`),
  ],
  wait: ({ wait }, { limits }, path) => {
    switch (wait.case) {
      case 'duration': {
        const span = { leastS: 1, mostDays: limits.longestSpanDays };
        return checkSpan(wait.value, span, `${path}.duration`);
      }
      case 'until':
        return violationUnless(
          isTimestamp(wait.value),
          `${path}.until`,
          'must be a time in the years 1 to 9999',
        );
      case 'untilLocalTime': {
        const isTime = isHourAndMinute(wait.value);
        return violationUnless(
          isTime,
          `${path}.until_local_time`,
          'must be a time of day from 00:00 to 23:59',
        );
      }
      case undefined:
        return [{ field: path, description: 'must have duration, until or until_local_time' }];
    }
  },
};

function checkUrl(text: string, { limits, webhooks }: ActionContext, field: string): FieldViolation[] {
  if (text.length > limits.webhookUrlCharacters || describeTextProblem(text) !== undefined) {
    const most = limits.webhookUrlCharacters.toLocaleString('en');
    return [{ field, description: `must be an address of at most ${most} characters` }];
  }
  const description = refusalOfWebhookUrl(text, webhooks);
  return description === undefined ? [] : [{ field, description }];
}

function isTimestamp({ seconds, nanos }: { seconds: bigint; nanos: number }): boolean {
  return seconds >= -62_135_596_800n && seconds <= 253_402_300_799n && nanos >= 0 && nanos <= 999_999_999;
}
