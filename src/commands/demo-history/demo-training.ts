/** Who trains through the demo account's twelve weeks, and how well: numbers that a coach would believe. */

/** What one athlete does beside training. */
export type DemoDeed =
  | { readonly kind: 'miss' }
  | { readonly kind: 'setMax'; readonly lift: string; readonly value: string; readonly reason: string }
  /** Undoes the newest standing change of the lift. */
  | { readonly kind: 'revert'; readonly lift: string; readonly reason: string };

export interface TrainedLift {
  /** The training max at the start, in the unit of the program. */
  readonly start: number;
  /** The weight at which the athlete meets every target, at the start, and what each week adds to it. */
  readonly capacity: number;
  readonly gainPerWeek: number;
}

export interface TrainingAthlete {
  readonly name: string;
  readonly birthDate: string;
  readonly tags: readonly string[];
  /** The slug of a program of the catalogue. */
  readonly programSlug: string;
  readonly lifts: Readonly<Record<string, TrainedLift>>;
  /** Sets of a lift without stages: how many, of how many repetitions, and whether the last is AMRAP. */
  scheme(lift: string): Scheme;
  /** By session, counted from 0; `miss` takes the session's place, the others follow it. */
  readonly deeds: Readonly<Record<number, DemoDeed>>;
}

export interface Scheme {
  readonly sets: number;
  readonly reps: number;
  readonly isAmrap: boolean;
}

export const WEEKS = 12;

/** Repetitions that the last set earns for each share of weight in reserve. */
const REPS_PER_RESERVE = 28;

/**
 * Repetitions in each set: all targets while the weight is within the athlete's capacity of the day, else the later
 * sets fall short. An AMRAP set has what is left.
 */
export function repsOf(
  weight: number,
  lift: TrainedLift,
  week: number,
  session: number,
  { sets, reps, isAmrap }: Scheme,
) {
  const form = 1 + 0.025 * Math.sin(session * 1.7 + lift.start);
  const capacity = (lift.capacity + lift.gainPerWeek * week) * form;
  const reserve = (capacity - weight) / capacity;
  const short = reserve < 0 ? Math.min(sets * 2, Math.ceil(-reserve * 45)) : 0;
  const performed = Array.from({ length: sets }, (_, index) => {
    const fromEnd = sets - 1 - index;
    return Math.max(1, reps - Math.ceil(Math.max(0, short - fromEnd) / 2));
  });
  if (isAmrap) {
    const last = reps + Math.round(reserve * REPS_PER_RESERVE);
    performed[sets - 1] = Math.min(reps + 12, Math.max(1, last));
  }
  return performed;
}

export const TRAINING_ATHLETES: readonly TrainingAthlete[] = [
  {
    name: 'Demo Regular',
    birthDate: '1994-05-17',
    tags: ['evening-group'],
    programSlug: 'stronglifts-5x5-kg',
    lifts: {
      squat: { start: 60, capacity: 84, gainPerWeek: 1.4 },
      'bench-press': { start: 45, capacity: 54, gainPerWeek: 0.5 },
      'barbell-row': { start: 45, capacity: 60, gainPerWeek: 0.8 },
      'overhead-press': { start: 30, capacity: 37, gainPerWeek: 0.4 },
      deadlift: { start: 80, capacity: 126, gainPerWeek: 1.5 },
    },
    scheme: (lift) => ({ sets: lift === 'deadlift' ? 1 : 5, reps: 5, isAmrap: false }),
    deeds: {
      7: { kind: 'miss' },
      13: { kind: 'revert', lift: 'squat', reason: 'the bar had two plates too few' },
      22: { kind: 'setMax', lift: 'deadlift', value: '110', reason: 'back after a cold: lighter for a week' },
      23: { kind: 'miss' },
      24: { kind: 'miss' },
    },
  },
  {
    name: 'Demo Comeback',
    birthDate: '1988-11-02',
    tags: ['evening-group', 'returning'],
    programSlug: 'greyskull-lp-lb',
    lifts: {
      squat: { start: 185, capacity: 225, gainPerWeek: 2.5 },
      'bench-press': { start: 135, capacity: 155, gainPerWeek: 1.2 },
      'overhead-press': { start: 85, capacity: 97, gainPerWeek: 0.8 },
      deadlift: { start: 225, capacity: 315, gainPerWeek: 4 },
    },
    scheme: (lift) => ({ sets: lift === 'deadlift' ? 1 : 3, reps: 5, isAmrap: true }),
    deeds: {
      10: { kind: 'miss' },
      17: { kind: 'setMax', lift: 'overhead-press', value: '90', reason: 'shoulder: start again lighter' },
    },
  },
  {
    name: 'Demo Allrounder',
    birthDate: '1999-02-28',
    tags: ['morning-group'],
    programSlug: 'gzclp-kg',
    lifts: {
      'squat-t1': { start: 90, capacity: 122, gainPerWeek: 1.3 },
      'bench-press-t1': { start: 60, capacity: 69, gainPerWeek: 0.6 },
      'overhead-press-t1': { start: 40, capacity: 47, gainPerWeek: 0.5 },
      'deadlift-t1': { start: 110, capacity: 148, gainPerWeek: 1.8 },
      'squat-t2': { start: 65, capacity: 88, gainPerWeek: 1 },
      'bench-press-t2': { start: 42.5, capacity: 52, gainPerWeek: 0.5 },
      'overhead-press-t2': { start: 27.5, capacity: 33, gainPerWeek: 0.4 },
      'deadlift-t2': { start: 80, capacity: 104, gainPerWeek: 1.1 },
      'lat-pulldown-t3': { start: 45, capacity: 63, gainPerWeek: 0.7 },
      'dumbbell-row-t3': { start: 22.5, capacity: 32, gainPerWeek: 0.4 },
    },
    scheme: (lift) =>
      lift.endsWith('t1')
        ? { sets: 5, reps: 3, isAmrap: false }
        : lift.endsWith('t2')
          ? { sets: 3, reps: 10, isAmrap: false }
          : { sets: 3, reps: 15, isAmrap: true },
    deeds: { 19: { kind: 'miss' } },
  },
];
