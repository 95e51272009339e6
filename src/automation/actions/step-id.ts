/** The identity of a step of a run, towards those who must do it only once. */
import { v5 as uuidv5 } from 'uuid';

const NAMESPACE = 'e3f1d6a2-2c0b-4f58-9d5e-64a0c1b7f9d8';

/** A UUID that is the same for each try of the step. */
export function stepId({ enrollmentId, step }: { enrollmentId: string; step: number }): string {
  return uuidv5(`${enrollmentId}:${step}`, NAMESPACE);
}
