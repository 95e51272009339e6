/** Events of training and of lift maxes. */
import { changing, described, type EventRow, eventType, field, sampled } from './event-row.ts';

/** Emitted by the progression engine. */
function engine(row: Pick<EventRow, 'name' | 'description' | 'fields'>) {
  return eventType({ ...row, category: 'training', source: 'service', isPublishable: false });
}

/** Known to the schedule service: what is planned, and what did not happen. */
function schedule(row: Pick<EventRow, 'name' | 'description' | 'fields' | 'requiredFields'>) {
  return eventType({ ...row, category: 'training', source: 'publisher', isPublishable: true });
}

const SESSION_ID = field('session_id', 'id', 'The session.', '01900000-0000-7000-8000-00000000a001');
const DAY_SLUG = field('day_slug', 'string', 'The day of the program.', 'day-a');
const WEEK_NUMBER = field('week_number', 'int', 'The week of the cycle, from 1.', 2);
const PROGRAM_ID = field('program_id', 'id', 'The program.', '01900000-0000-7000-8000-00000000a002');
/** Of a rule's application. */
const OF_SESSION = described(SESSION_ID, 'The session that the rule was applied for; absent: none.');
const ENROLLMENT_ID = field(
  'enrollment_id',
  'id',
  'The membership of the program.',
  '01900000-0000-7000-8000-00000000a003',
);
const PROGRESSION_ID = field('progression_id', 'id', 'The rule.', '01900000-0000-7000-8000-00000000a004');
const LIFT_ID = field('lift_id', 'id', 'The lift.', '01900000-0000-7000-8000-00000000a005');
const LOGGED_SET_ID = field('logged_set_id', 'id', 'The set.', '01900000-0000-7000-8000-00000000a006');
const LOG_ID = field('log_id', 'id', 'The row of the log.', '01900000-0000-7000-8000-00000000a007');
const MAX_TYPE = field('max_type', 'string', 'ONE_RM, TRAINING_MAX or ESTIMATED_ONE_RM.', 'TRAINING_MAX');
const TRIGGER_TYPE = field('trigger_type', 'string', 'What fired the rule.', 'AFTER_SESSION');
const WEIGHT = field('weight', 'decimal', 'What was lifted.', '100');

const SET = [
  SESSION_ID,
  PROGRAM_ID,
  LOGGED_SET_ID,
  LIFT_ID,
  field('set_number', 'int', 'Its place among the sets of the lift in the session, from 1.', 3),
  field('kind', 'string', 'WARM_UP, WORK, AMRAP or SUPPLEMENTAL.', 'AMRAP'),
  WEIGHT,
  field('target_weight', 'decimal', 'What was planned, where that is known.', '100'),
  field('target_reps', 'int', 'Repetitions that were planned.', 5),
  field('reps_performed', 'int', 'Repetitions that were done.', 8),
  field('reps_difference', 'int', 'Repetitions done beyond those planned; negative when they fell short.', 3),
  field('rpe', 'decimal', 'How hard it was, 0 to 10.', '8.5'),
  field('performed_at', 'timestamp', 'When.', '2026-03-02T17:40:00.000000Z'),
];

export const TRAINING = [
  engine({
    name: 'session_completed',
    description: 'The athlete finished a session.',
    fields: [
      SESSION_ID,
      PROGRAM_ID,
      DAY_SLUG,
      WEEK_NUMBER,
      field('lifts_performed', 'list', 'The ids of the lifts that were done.', [
        '01900000-0000-7000-8000-00000000a005',
      ]),
    ],
  }),
  schedule({
    name: 'session_planned',
    description:
      'A session is planned, or planned anew. The service makes session_missed of it when it is not completed by due_at.',
    fields: [
      SESSION_ID,
      field('planned_at', 'timestamp', 'When it is to take place.', '2026-03-02T17:00:00Z'),
      field(
        'due_at',
        'timestamp',
        'Until when it may be completed; absent: a day after planned_at.',
        '2026-03-03T17:00:00Z',
      ),
      DAY_SLUG,
      WEEK_NUMBER,
    ],
    requiredFields: ['session_id', 'planned_at'],
  }),
  schedule({
    name: 'session_unplanned',
    description: 'A planned session was called off: it cannot be missed.',
    fields: [SESSION_ID],
    requiredFields: ['session_id'],
  }),
  schedule({
    name: 'session_missed',
    description:
      'A planned session did not take place: told by the service of what session_planned said, or published.',
    fields: [
      SESSION_ID,
      DAY_SLUG,
      WEEK_NUMBER,
      field('planned_on', 'date', 'The day it was planned for.', '2026-03-02'),
      field('missed_in_a_row', 'int', 'How many sessions in a row, with this one.', 2),
    ],
  }),
  engine({
    name: 'set_logged',
    description: 'A set was logged, of whatever kind.',
    fields: SET,
  }),
  engine({
    name: 'set_failed',
    description: 'A work set fell short of its target, in repetitions or in weight.',
    fields: sampled(SET, { kind: 'WORK', reps_performed: 3, reps_difference: -2 }),
  }),
  engine({
    name: 'amrap_result',
    description: 'What a set of as many repetitions as possible came to.',
    fields: SET,
  }),
  engine({
    name: 'week_advanced',
    description: 'The athlete went on to another week.',
    fields: [
      PROGRAM_ID,
      field('previous_week', 'int', 'The week that was left.', 3),
      field('new_week', 'int', 'The week that began.', 4),
      field('cycle_iteration', 'int', 'The cycle, from 1.', 1),
    ],
  }),
  engine({
    name: 'cycle_completed',
    description: 'The athlete reached the end of a cycle.',
    fields: [
      PROGRAM_ID,
      field('completed_cycle', 'int', 'The cycle that ended, from 1.', 1),
      field('new_cycle', 'int', 'The cycle that began.', 2),
      field('total_weeks', 'int', 'The weeks that the cycle had.', 4),
    ],
  }),
  engine({
    name: 'lift_max_changed',
    description: 'A lift max has another value or unit than before, by a rule, by hand or by a revert.',
    fields: [
      LIFT_ID,
      MAX_TYPE,
      changing(
        field('value', 'decimal', 'The max; before its first version there was none.', '102.5'),
        '100',
      ),
      changing(field('unit', 'string', 'KILOGRAM or POUND; absent: not known.', 'KILOGRAM'), null),
      changing(field('version', 'int', 'Counts the versions, from 1.', 4), 3),
      field(
        'delta',
        'decimal',
        'The new value less the one before; absent for the first, and for another unit.',
        '2.5',
      ),
      field('source', 'string', 'PROGRESSION, MANUAL, AUTOMATION or REVERT.', 'PROGRESSION'),
      LOG_ID,
      described(PROGRAM_ID, 'The program whose rule was applied; absent: it was no rule.'),
      OF_SESSION,
    ],
  }),
  engine({
    name: 'progression_applied',
    description: 'A rule was applied to a lift.',
    fields: [
      PROGRAM_ID,
      OF_SESSION,
      PROGRESSION_ID,
      TRIGGER_TYPE,
      LIFT_ID,
      MAX_TYPE,
      field('previous_value', 'decimal', 'The max before.', '100'),
      field('new_value', 'decimal', 'The max after.', '102.5'),
      field('delta', 'decimal', 'What really changed.', '2.5'),
      LOG_ID,
    ],
  }),
  engine({
    name: 'progression_stalled',
    description: 'A rule took weight off, or has no further stage to go to.',
    fields: [
      PROGRAM_ID,
      OF_SESSION,
      PROGRESSION_ID,
      ...sampled([TRIGGER_TYPE], { trigger_type: 'ON_FAILURE' }),
      LIFT_ID,
      MAX_TYPE,
      field('reason', 'string', 'DELOADED or STAGES_EXHAUSTED.', 'DELOADED'),
      field('value', 'decimal', 'The max from now on.', '90'),
    ],
  }),
  engine({
    name: 'personal_record',
    description:
      'A set that stands for more than every earlier one of the lift, by Epley: weight x (1 + reps / 30).',
    fields: [
      LIFT_ID,
      SESSION_ID,
      PROGRAM_ID,
      LOGGED_SET_ID,
      WEIGHT,
      field('reps_performed', 'int', 'Repetitions that were done.', 8),
      field('estimated_one_rep_max', 'decimal', 'What the set stands for, to 6 places.', '126.666667'),
      field('previous_estimate', 'decimal', 'The best before, to 6 places.', '120'),
    ],
  }),
  engine({
    name: 'program_enrolled',
    description: 'A program became the athlete’s ACTIVE one.',
    fields: [
      ENROLLMENT_ID,
      PROGRAM_ID,
      field('is_resumed', 'bool', 'It goes on where it was paused.', false),
    ],
  }),
  engine({
    name: 'program_completed',
    description: 'The athlete’s ACTIVE program ended as COMPLETED.',
    fields: [
      ENROLLMENT_ID,
      PROGRAM_ID,
      field('started_at', 'timestamp', 'When the membership began.', '2026-01-05T09:00:00.000000Z'),
    ],
  }),
  schedule({
    name: 'athlete_inactive',
    description: 'The athlete has completed no session for some days.',
    fields: [
      field('days', 'int', 'For how many.', 14),
      field('last_session_on', 'date', 'The day of the last session; absent: there is none.', '2026-02-16'),
    ],
  }),
];
