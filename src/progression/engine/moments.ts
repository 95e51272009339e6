/** A history in order of acceptance. */
import type { EndItem, History, LoggedApplication, SetItem, VersionItem } from './history.ts';

export interface ReplayOptions {
  /** Sets and ends that are decided again; the applications that they made before are reverted in the history. */
  readonly isDecidedAgain?: (item: SetItem | EndItem) => boolean;
  /** The position to stop behind; absent: none. */
  readonly until?: bigint;
}

/** What happened at one position: sets, a session's end, or an application by hand. */
export type Moment = { readonly sequence: bigint } & (
  | { readonly kind: 'SETS'; readonly items: readonly SetItem[]; readonly isDecidedAgain: boolean }
  | { readonly kind: 'END'; readonly item: EndItem; readonly isDecidedAgain: boolean }
  | { readonly kind: 'BY_HAND'; readonly version: VersionItem; readonly log: LoggedApplication }
);

/** In order of acceptance; sets that are at the position of their session's end come before it. */
export function momentsOf(
  history: History,
  { isDecidedAgain = () => false, until }: ReplayOptions,
): Moment[] {
  const sets = history.sets.toSorted(compareSets).map(
    (item): Moment => ({
      kind: 'SETS',
      sequence: item.sequence,
      items: [item],
      isDecidedAgain: isDecidedAgain(item),
    }),
  );
  const ends = history.ends.map(
    (item): Moment => ({ kind: 'END', sequence: item.sequence, item, isDecidedAgain: isDecidedAgain(item) }),
  );
  const byHand = history.versions.flatMap((version): Moment[] =>
    version.log?.triggerType === 'MANUAL' && version.source === 'PROGRESSION' && !version.log.isReverted
      ? [{ kind: 'BY_HAND', sequence: version.sequence, version, log: version.log }]
      : [],
  );
  const moments = [...sets, ...ends, ...byHand].toSorted((a, b) => Number(a.sequence - b.sequence));
  return mergeCalls(moments.filter(({ sequence }) => until === undefined || sequence <= until));
}

/**
 * Late sets share the position of their session's end. They are read in the order of their ids, which servers whose clocks
 * differ do not give in the order of acceptance; so that is their order already when they arrive.
 */
function compareSets(a: SetItem, b: SetItem): number {
  return Number(a.sequence - b.sequence) || (a.set.id < b.set.id ? -1 : 1);
}

/** Sets that one call logged are one event when they are decided again. */
function mergeCalls(moments: readonly Moment[]): Moment[] {
  const merged: Moment[] = [];
  for (const moment of moments) {
    const last = merged.at(-1);
    if (last?.kind === 'SETS' && moment.kind === 'SETS' && last.isDecidedAgain && moment.isDecidedAgain) {
      const [a, b] = [last.items[0], moment.items[0]];
      if (a && b && a.sessionId === b.sessionId && a.recordedAt === b.recordedAt) {
        merged[merged.length - 1] = { ...moment, items: [...last.items, ...moment.items] };
        continue;
      }
    }
    merged.push(moment);
  }
  return merged;
}
