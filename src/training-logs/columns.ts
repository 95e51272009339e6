/** Finds the columns of a format among the headers of a file. */
import { UnreadableRow, type WeightUnit } from './training-log.ts';

/** A header as the formats name it: lower case, one space between words. */
export function headerName(header: string): string {
  return header.trim().toLowerCase().replace(/\s+/g, ' ');
}

const UNIT_IN_HEADER = /^(.+?)(?: ?\(|_)(kg|lb)s?\)?$/;

/** `weight (kg)`, `weight(kg)` and `weight_kg` are all a weight in kg. */
export function splitUnit(column: string): { name: string; unit: WeightUnit | null } {
  const [, name = column, unit] = UNIT_IN_HEADER.exec(column) ?? [];
  return { name, unit: (unit as WeightUnit | undefined) ?? null };
}

/** The first column with one of these names; -1 when there is none. */
export function findColumn(columns: readonly string[], names: readonly string[]): number {
  return columns.findIndex((column) => names.includes(column));
}

export interface WeightColumn {
  readonly index: number;
  readonly unit: WeightUnit | null;
}

/** The columns with one of these names, with any unit after it. */
export function findWeightColumns(columns: readonly string[], names: readonly string[]): WeightColumn[] {
  const bareNames = names.map((name) => splitUnit(name).name);
  return columns.flatMap((column, index) => {
    const { name, unit } = splitUnit(column);
    return bareNames.includes(name) ? [{ index, unit }] : [];
  });
}

/** Throws NO_EXERCISE. */
export function requireExercise(text: string): string {
  if (text === '') {
    throw new UnreadableRow('NO_EXERCISE', '""');
  }
  return text;
}
