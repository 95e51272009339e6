/** The fields of an athlete's training, for filters: of the program, the sessions, and each lift by its slug. */
import type { FieldDefinition, FieldFamily } from '../../filters/field-catalogue.ts';
import type { FieldType, FilterField } from '../../filters/filter.ts';

/** The folder of these fields in the athlete's document. */
export const TRAINING = 'training';

export function isTrainingField({ scope, path }: FilterField): boolean {
  return scope === 'athlete' && path[0] === TRAINING;
}

type Described<T> = T & { readonly description: string };

function training(name: string, type: FieldType, description: string): Described<FieldDefinition> {
  return { name: `${TRAINING}.${name}`, type, isPersonal: false, description };
}

/** Of the athlete as a whole. */
export const TRAINING_FIELDS: readonly Described<FieldDefinition>[] = [
  training('program_id', 'id', 'The program of the ACTIVE enrollment, else of the latest one.'),
  training('program', 'string', 'The slug of that program.'),
  training('enrollment_status', 'string', 'ACTIVE, PAUSED, QUIT or COMPLETED, of that enrollment.'),
  training('enrollment_days', 'int', 'Whole days of 24 hours since that enrollment started.'),
  training('last_session_at', 'timestamp', 'When the latest session ended; absent: none yet.'),
  training('days_since_session', 'int', 'Whole days of 24 hours since then; absent: no session yet.'),
  training('sessions_7_days', 'int', 'Sessions completed in the last 7 days.'),
  training('sessions_28_days', 'int', 'Sessions completed in the last 28 days.'),
];

/** What is known of each lift, in the order of ListFields. */
export const LIFT_MEASURES = [
  'best_e1rm',
  'e1rm_trend',
  'estimated_one_rm',
  'failures',
  'one_rm',
  'stage',
  'training_max',
] as const;

export type LiftMeasure = (typeof LIFT_MEASURES)[number];

const MEASURES: Readonly<Record<LiftMeasure, { readonly type: FieldType; readonly description: string }>> = {
  best_e1rm: {
    type: 'decimal',
    description: 'The best estimate of all work sets, by Epley: weight x (1 + reps / 30).',
  },
  e1rm_trend: {
    type: 'decimal',
    description:
      'The best estimate of the last 28 days less that of the 28 days before; absent: one is missing.',
  },
  estimated_one_rm: { type: 'decimal', description: 'The current ESTIMATED_ONE_RM.' },
  failures: {
    type: 'int',
    description: 'Failures in a row: the highest counter among the rules of the ACTIVE program.',
  },
  one_rm: { type: 'decimal', description: 'The current ONE_RM.' },
  stage: {
    type: 'int',
    description: 'The stage, from 0, by the STAGE_PROGRESSION of the ACTIVE program; absent: it has none.',
  },
  training_max: { type: 'decimal', description: 'The current TRAINING_MAX.' },
};

/** Stands for the slug of a lift in lists of fields. */
const LIFT = '{lift}';

/** The fields of lifts as ListFields shows them: `training.one_rm.{lift}`. */
export const LIFT_FIELDS: readonly Described<FieldDefinition>[] = LIFT_MEASURES.map((measure) =>
  training(
    `${measure}.${LIFT}`,
    MEASURES[measure].type,
    `${MEASURES[measure].description} ${LIFT}: its slug.`,
  ),
);

const LIFT_NAME = /^training\.([a-z0-9_]+)\.([a-z0-9]+(?:-[a-z0-9]+)*)$/;

/** The measure and the slug in the name of a lift's field; undefined for other names. */
export function readLiftName(name: string): { measure: LiftMeasure; slug: string } | undefined {
  const [, text, slug] = LIFT_NAME.exec(name.replace(/^athlete\./, '')) ?? [];
  const measure = LIFT_MEASURES.find((each) => each === text);
  return measure && slug !== undefined ? { measure, slug } : undefined;
}

/** Resolves `training.<measure>.<slug>` for every slug; a lift that the account lacks is absent. */
export const LIFT_FAMILY: FieldFamily = (name) => {
  const read = readLiftName(name);
  return read && { path: [TRAINING, read.measure, read.slug], type: MEASURES[read.measure].type };
};
