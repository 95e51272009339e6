/**
 * Lift maxes have versions 1, 2, 3 … without gap or fork, each made by its log row, and the current value is
 * their sum.
 */
import { Decimal } from 'decimal.js';
import type { History, LogRow, MaxRow, Violation } from '../run-history.ts';

interface MaxKey {
  readonly accountId: string;
  readonly userId: string;
  readonly liftId: string;
  readonly maxType: string;
}

export function checkVersionChains({ stored }: History): Violation[] {
  const violations: Violation[] = [];
  const report = (key: string, detail: string) =>
    violations.push({ rule: 'VERSION_CHAIN', detail: `${key} ${detail}` });
  const logs = new Map<string, LogRow>();
  for (const log of stored.logs) {
    const key = `${toMaxKey(log)} ${log.version}`;
    if (logs.has(key)) {
      report(key, 'has two applications');
    }
    logs.set(key, log);
  }
  const undone = new Set(stored.logs.map(({ accountId, revertsLogId }) => `${accountId} ${revertsLogId}`));
  for (const { accountId, id, isReverted } of stored.logs) {
    if (isReverted !== undone.has(`${accountId} ${id}`)) {
      report(id, isReverted ? 'is marked as undone, and no row undoes it' : 'is undone, and not marked');
    }
  }
  let linked = 0;
  for (const [key, versions] of Map.groupBy(stored.maxes, toMaxKey)) {
    const chain = sortByVersion(versions);
    if (typeof chain === 'string') {
      report(key, chain);
      continue;
    }
    const start = chain[0];
    let sum = new Decimal(start?.value ?? 0);
    for (const [index, max] of chain.entries()) {
      const before = chain[index - 1];
      const log = logs.get(`${key} ${max.version}`);
      linked += log ? 1 : 0;
      if (max.source !== 'MANUAL' && !log) {
        report(key, `version ${max.version} has no application`);
      }
      if (log && (!before || !equal(log.previousValue, before.value) || !equal(log.newValue, max.value))) {
        report(key, `version ${max.version} does not follow from its application ${log.id}`);
      }
      sum = before ? sum.plus(log?.delta ?? new Decimal(max.value).minus(before.value)) : sum;
    }
    const current = chain.at(-1)?.value ?? '0';
    if (!equal(sum, current)) {
      report(key, `is ${current}, but the sum of its start and changes is ${sum}`);
    }
  }
  if (linked !== logs.size) {
    report('progression_logs', `${logs.size - linked} of ${logs.size} have no version`);
  }
  return violations;
}

/** Sorts by version; returns a description when the versions are not 1, 2, 3 …. */
function sortByVersion(versions: readonly MaxRow[]): readonly MaxRow[] | string {
  const chain: (MaxRow | undefined)[] = new Array(versions.length).fill(undefined);
  for (const max of versions) {
    const index = max.version - 1;
    if (index >= chain.length || index < 0) {
      return `has ${versions.length} versions, but one has the number ${max.version}`;
    }
    if (chain[index]) {
      return `has two versions ${max.version}`;
    }
    chain[index] = max;
  }
  return chain.filter((max) => max !== undefined);
}

function equal(a: Decimal.Value, b: Decimal.Value): boolean {
  return new Decimal(a).eq(b);
}

function toMaxKey({ accountId, userId, liftId, maxType }: MaxKey): string {
  return `${accountId} ${userId} ${liftId} ${maxType}`;
}
