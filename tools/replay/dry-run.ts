/** The output of a dry run: the lift of each exercise, and the calls that a replay would make. */
import { type ExerciseMapping, liftOfExercise } from '../../src/training-logs/lift-names.ts';
import type { TrainingLog } from '../../src/training-logs/training-log.ts';
import { isEvent } from './play.ts';
import type { ReplayPlan } from './replay-plan.ts';
import type { ReplayedProgram } from './replayed-program.ts';
import { alignColumns, printable } from './text-layout.ts';

export interface DryRun {
  /** The report's first lines, and those about rows. */
  readonly head: readonly string[];
  readonly rows: readonly string[];
  readonly plan: ReplayPlan;
  readonly program: ReplayedProgram;
  readonly log: TrainingLog;
  readonly mapping: ExerciseMapping;
}

export function dryRunLines({ head, rows, plan, program, log, mapping }: DryRun): string[] {
  const events = plan.steps.filter(isEvent).length;
  return [
    'dry run: nothing is written',
    ...head,
    '',
    ...exerciseLines(program, log, mapping),
    '',
    ...rows,
    `a replay makes ${plan.steps.length - events} calls to set up and sends ${events} events; known ones change nothing`,
  ];
}

/** A row for each exercise that the program trains: the lift that it is, and its sets. */
function exerciseLines(program: ReplayedProgram, { sets }: TrainingLog, mapping: ExerciseMapping): string[] {
  const exercises = [...Map.groupBy(sets, ({ exercise }) => exercise)].flatMap(([exercise, same]) => {
    const lift = liftOfExercise(exercise, program.lifts.keys(), mapping);
    return lift === undefined ? [] : [[printable(exercise), lift, String(same.length)]];
  });
  return alignColumns([['exercise', 'lift', 'sets'], ...exercises]);
}
