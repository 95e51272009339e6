/** Reads a condition on the athlete's history as a comparison of a field: the number of events that count. */
import { Decimal } from 'decimal.js';
import type { ValueComparison } from './condition-comparison.ts';
import type { FieldCatalogue, FilterField, FilterGroup, HistoryCondition } from './filter.ts';
import { EMPTY_FILTER, FilterUnreadable } from './filter.ts';

/** The folder of the numbers in the athlete's document. */
export const HISTORY = 'history';

export function isHistoryField({ history }: FilterField): boolean {
  return history !== undefined;
}

const MICROS = { m: 60_000_000n, h: 3_600_000_000n, d: 86_400_000_000n, w: 604_800_000_000n };

/** The field and the comparison that a condition on the history stands for. */
export interface ReadHistory {
  readonly field: FilterField;
  readonly comparison: ValueComparison;
}

/** A problem with one part of the condition; `filter` stands for problems that `validateFilter` lists. */
export interface HistoryProblem {
  readonly part: 'event' | 'within' | 'at_least';
  readonly description: string;
}

/** Returns the condition as a comparison, or a non-empty list of its problems; the inner filter is not read. */
export function readHistory(
  condition: HistoryCondition,
  catalogue: FieldCatalogue,
): ReadHistory | readonly HistoryProblem[] {
  const events = catalogue.history?.(condition.event);
  const span = readHistorySpan(condition.within);
  const count = condition.at_least;
  const isCount = Number.isInteger(count) && count >= 0;
  const problems: HistoryProblem[] = [
    ...(events ? [] : [{ part: 'event', description: describeEvent(catalogue) } as const]),
    ...(span === undefined ? [{ part: 'within', description: SPAN } as const] : []),
    ...(isCount ? [] : [{ part: 'at_least', description: COUNT } as const]),
  ];
  if (!events || span === undefined || problems.length > 0) {
    return problems;
  }
  const filter: FilterGroup = condition.filter ?? EMPTY_FILTER;
  const key = JSON.stringify([events.event, condition.within, count, condition.filter ?? null]);
  return {
    field: {
      ...{ scope: 'athlete', path: [HISTORY, key], type: 'int', isPersonal: false },
      history: { event: events.event, span, most: Math.max(count, 1), filter, fields: events.fields },
    },
    comparison:
      count === 0
        ? { kind: 'range', low: null, high: { number: new Decimal(1), isIncluded: false } }
        : { kind: 'range', low: { number: new Decimal(count), isIncluded: true }, high: null },
  };
}

/** A span such as `30d`, in microseconds; undefined for any other text. */
function readHistorySpan(text: string): bigint | undefined {
  const match = /^([1-9][0-9]{0,5})([mhdw])$/.exec(text);
  const unit = match?.[2] as keyof typeof MICROS | undefined;
  return match && unit ? BigInt(`${match[1]}`) * MICROS[unit] : undefined;
}

/** Violations of the limits of a condition that can be read. */
export function historyLimitProblems(
  { history }: FilterField,
  limits: { readonly historyCount: number; readonly historySpanDays: number },
): HistoryProblem[] {
  const { most = 0, span = 0n } = history ?? {};
  const { historyCount, historySpanDays } = limits;
  return [
    ...(span > BigInt(historySpanDays) * MICROS.d
      ? [{ part: 'within', description: `must be at most ${historySpanDays} days` } as const]
      : []),
    ...(most > historyCount
      ? [{ part: 'at_least', description: `must be at most ${historyCount}` } as const]
      : []),
  ];
}

function describeEvent({ history }: FieldCatalogue): string {
  return history
    ? 'Unknown event; ListEventTypes has them all'
    : 'must not be nested: the filter of a history has conditions on the event only';
}

const SPAN = 'must be a number of minutes, hours, days or weeks such as "90m", "12h", "30d" or "2w"';

const COUNT = 'must be a whole number from 1, or none must be true';

/** Throws FilterUnreadable with every problem. */
export function requireHistory(
  condition: HistoryCondition,
  catalogue: FieldCatalogue,
  path: string,
): ReadHistory {
  const read = readHistory(condition, catalogue);
  if (isHistoryProblems(read)) {
    throw new FilterUnreadable(
      path,
      read.map(({ part, description }) => `${part}: ${description}`).join('; '),
    );
  }
  return read;
}

export function isHistoryProblems(
  read: ReadHistory | readonly HistoryProblem[],
): read is readonly HistoryProblem[] {
  return Array.isArray(read);
}
