/** Events of forms. Answers are in `answers`; the account defines the types of those that filters use. */
import { field, published } from './event-row.ts';

const SUBMISSION_ID = field('submission_id', 'string', 'The submission, as its system calls it.', 'sub-4711');

export const FORM = [
  published({
    name: 'form_submitted',
    category: 'form',
    description: 'The athlete submitted a form.',
    requiredConfiguration: ['form_id'],
    fields: [
      field('form_id', 'string', 'The form, as its system calls it.', 'intake'),
      field('form_name', 'string', 'What people call the form.', 'Intake form'),
      SUBMISSION_ID,
    ],
  }),
  published({
    name: 'survey_completed',
    category: 'form',
    description: 'The athlete completed a survey.',
    requiredConfiguration: ['survey_id'],
    fields: [
      field('survey_id', 'string', 'The survey, as its system calls it.', 'week-4'),
      field('survey_name', 'string', 'What people call the survey.', 'After four weeks'),
      field('score', 'decimal', 'What the answers came to.', 9),
      SUBMISSION_ID,
    ],
  }),
];
