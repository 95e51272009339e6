/** A history as it would be without mistakes, for a second opinion to replay. */
import type { ModelEvent } from './model.ts';
import type { ModelSet } from './model-sets.ts';

export interface LoggedSet extends ModelSet {
  readonly setNumber: number;
}

/** Of a history without mistakes, in order of acceptance. */
export type Item = { readonly id: string } & (
  | { readonly kind: 'SETS'; readonly sessionId: string; readonly sets: readonly LoggedSet[] }
  | { readonly kind: 'END'; readonly sessionId: string; readonly lifts: readonly string[] }
  | { readonly kind: 'WEEK' | 'CYCLE' | 'ENROLL' }
);

/** The session's sets of the lift that come after the end that names it, before it. */
export function adopt(items: readonly Item[], sessionId: string, lift: string): readonly Item[] {
  const at = items.findIndex(
    (item) => item.kind === 'END' && item.sessionId === sessionId && item.lifts.includes(lift),
  );
  const enrolled = items.findLastIndex(({ kind }) => kind === 'ENROLL');
  if (at === -1 || at < enrolled) {
    return items;
  }
  const moved: Item[] = [];
  const rest = items.slice(at).flatMap((item): Item[] => {
    if (item.kind !== 'SETS' || item.sessionId !== sessionId) {
      return [item];
    }
    const ofLift = item.sets.filter(({ liftId }) => liftId === lift);
    const others = item.sets.filter(({ liftId }) => liftId !== lift);
    if (ofLift.length > 0) {
      moved.push({ ...item, id: `${item.id} ${lift}`, sets: ofLift });
    }
    return others.length > 0 || ofLift.length === 0 ? [{ ...item, sets: others }] : [];
  });
  return [...items.slice(0, at), ...moved, ...rest];
}

export function eventOf(item: Item): ModelEvent {
  switch (item.kind) {
    case 'SETS':
      return { type: 'SETS_LOGGED', sessionId: item.sessionId, sets: item.sets };
    case 'END':
      return { type: 'SESSION_COMPLETED', sessionId: item.sessionId, liftsPerformed: item.lifts };
    case 'WEEK':
      return { type: 'WEEK_ADVANCED' };
    case 'CYCLE':
      return { type: 'CYCLE_COMPLETED' };
    case 'ENROLL':
      return { type: 'ENROLLED' };
  }
}

/** Of the session; a week or a cycle stands for itself. */
export function isOf(item: Item, sessionId: string): boolean {
  return item.id === sessionId || ('sessionId' in item && item.sessionId === sessionId);
}

export function isApplication(line: string): boolean {
  return line.includes(' → ');
}

export function textsOf(values: ReadonlyMap<string, number>): string[] {
  return [...values].map(([key, value]) => `${key} ${value}`);
}
