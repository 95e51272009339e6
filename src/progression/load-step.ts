/** What loads are rounded to without equipment. */
import { Decimal } from 'decimal.js';

/** Loadable with the plates that most gyms have. */
const DEFAULT_STEPS: Readonly<Record<string, string>> = { KILOGRAM: '2.5', POUND: '5' };

/** The program's own step, else the default of the unit; null without either. */
export function loadStepIn(unit: string, ofProgram: string | null | undefined): Decimal | null {
  const step = ofProgram ?? DEFAULT_STEPS[unit];
  return step === undefined ? null : new Decimal(step);
}
