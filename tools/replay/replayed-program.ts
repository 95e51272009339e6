/** The program that a log is replayed on. */
import type { TrainedProgram } from '../../src/training-logs/trained-program.ts';

export interface ReplayedProgram extends TrainedProgram {
  readonly id: string;
  readonly slug: string;
}
