/** Who the demo account trains: roles, not people. */

export interface DemoAthlete {
  readonly name: string;
  /** Of the catalogue. */
  readonly programSlug: string;
  /** By lift slug, in the program's unit: one for each of the program's lifts. */
  readonly trainingMaxes: Readonly<Record<string, string>>;
}

export const DEMO_ATHLETES: readonly DemoAthlete[] = [
  {
    name: 'Demo Novice',
    programSlug: 'stronglifts-5x5-kg',
    trainingMaxes: {
      squat: '60',
      'bench-press': '45',
      'barbell-row': '40',
      'overhead-press': '30',
      deadlift: '80',
    },
  },
  {
    // 90 % of one-rep maxes of 135, 405, 225 and 315 lb, to the nearest 5.
    name: 'Demo Intermediate',
    programSlug: 'wendler-531-bbb-lb',
    trainingMaxes: { 'overhead-press': '120', deadlift: '365', 'bench-press': '205', squat: '285' },
  },
  {
    name: 'Demo Powerlifter',
    programSlug: 'gzclp-lb',
    trainingMaxes: {
      'squat-t1': '275',
      'bench-press-t1': '185',
      'overhead-press-t1': '115',
      'deadlift-t1': '315',
      'squat-t2': '205',
      'bench-press-t2': '140',
      'overhead-press-t2': '85',
      'deadlift-t2': '235',
      'lat-pulldown-t3': '90',
      'dumbbell-row-t3': '45',
    },
  },
];
