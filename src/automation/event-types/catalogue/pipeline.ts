/** Events of the account's pipelines. */
import { changing, field, published } from './event-row.ts';

const DEAL_ID = field('deal_id', 'string', 'The deal, as its system calls it.', 'deal-17');
const PIPELINE_ID = field('pipeline_id', 'string', 'The pipeline, as its system calls it.', 'coaching');
const STAGE = field('stage', 'string', 'The stage.', 'trial');
const DEAL = [
  DEAL_ID,
  PIPELINE_ID,
  STAGE,
  field('amount', 'decimal', 'What the deal is worth.', '480.00'),
  field('currency', 'string', 'ISO 4217.', 'EUR'),
];

export const PIPELINE = [
  published({
    name: 'stage_changed',
    category: 'pipeline',
    description: 'The athlete moved to another stage of a pipeline.',
    requiredConfiguration: ['pipeline_id'],
    fields: [PIPELINE_ID, DEAL_ID, changing(STAGE, 'lead')],
  }),
  published({
    name: 'deal_created',
    category: 'pipeline',
    description: 'A deal with the athlete was opened.',
    fields: DEAL,
  }),
  published({
    name: 'deal_won',
    category: 'pipeline',
    description: 'A deal with the athlete was won.',
    fields: DEAL,
  }),
  published({
    name: 'deal_lost',
    category: 'pipeline',
    description: 'A deal with the athlete was lost.',
    fields: [...DEAL, field('reason', 'string', 'Why.', 'too expensive')],
  }),
];
