/** Events of payments. */
import { field, published } from './event-row.ts';

const AMOUNT = field('amount', 'decimal', 'How much.', '49.90');
const CURRENCY = field('currency', 'string', 'ISO 4217.', 'EUR');
const SUBSCRIPTION = [
  field('subscription_id', 'string', 'The subscription, as its system calls it.', 'sub-33'),
  field('plan', 'string', 'What is subscribed to.', 'monthly'),
  AMOUNT,
  CURRENCY,
];

export const PAYMENT = [
  published({
    name: 'payment_received',
    category: 'payment',
    description: 'A payment came in.',
    fields: [
      field('payment_id', 'string', 'The payment, as its system calls it.', 'pay-2001'),
      AMOUNT,
      CURRENCY,
      field('product', 'string', 'What for.', 'coaching'),
    ],
  }),
  published({
    name: 'subscription_created',
    category: 'payment',
    description: 'A subscription began.',
    fields: SUBSCRIPTION,
  }),
  published({
    name: 'subscription_cancelled',
    category: 'payment',
    description: 'A subscription was cancelled.',
    fields: [
      ...SUBSCRIPTION,
      field('ends_on', 'date', 'Its last day.', '2026-03-31'),
      field('reason', 'string', 'Why.', 'moved away'),
    ],
  }),
];
