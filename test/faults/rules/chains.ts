/** Lift maxes: versions 1, 2, 3 … without gap or fork, each made by its log row, and the current one is the sum of them. */
import { Decimal } from 'decimal.js';
import type { History, LogRow, MaxRow, Violation } from '../history.ts';

interface MaxKey {
  readonly accountId: string;
  readonly userId: string;
  readonly liftId: string;
  readonly maxType: string;
}

export function checkChains({ stored }: History): Violation[] {
  const violations: Violation[] = [];
  const complain = (key: string, detail: string) =>
    violations.push({ rule: 'VERSION_CHAIN', detail: `${key} ${detail}` });
  const logs = new Map<string, LogRow>();
  for (const log of stored.logs) {
    const key = `${keyOf(log)} ${log.version}`;
    if (logs.has(key)) {
      complain(key, 'was made by two applications');
    }
    logs.set(key, log);
  }
  let linked = 0;
  for (const [key, versions] of Map.groupBy(stored.maxes, keyOf)) {
    const chain = inOrder(versions);
    if (typeof chain === 'string') {
      complain(key, chain);
      continue;
    }
    const start = chain[0];
    let sum = new Decimal(start?.value ?? 0);
    for (const [index, max] of chain.entries()) {
      const before = chain[index - 1];
      const log = logs.get(`${key} ${max.version}`);
      linked += log ? 1 : 0;
      if (max.source !== 'MANUAL' && !log) {
        complain(key, `version ${max.version} has no application`);
      }
      if (log && (!before || !equal(log.previousValue, before.value) || !equal(log.newValue, max.value))) {
        complain(key, `version ${max.version} does not follow from its application ${log.id}`);
      }
      sum = before ? sum.plus(log?.delta ?? new Decimal(max.value).minus(before.value)) : sum;
    }
    const current = chain.at(-1)?.value ?? '0';
    if (!equal(sum, current)) {
      complain(key, `is ${current}, and its start and its changes come to ${sum}`);
    }
  }
  if (linked !== logs.size) {
    complain('progression_logs', `${logs.size - linked} of ${logs.size} lead to no version`);
  }
  return violations;
}

/** By version; a text when they do not count 1, 2, 3 …. */
function inOrder(versions: readonly MaxRow[]): readonly MaxRow[] | string {
  const chain: (MaxRow | undefined)[] = new Array(versions.length).fill(undefined);
  for (const max of versions) {
    const place = max.version - 1;
    if (place >= chain.length || place < 0) {
      return `has ${versions.length} versions, and one of the number ${max.version}`;
    }
    if (chain[place]) {
      return `has two versions ${max.version}`;
    }
    chain[place] = max;
  }
  return chain.filter((max) => max !== undefined);
}

function equal(a: Decimal.Value, b: Decimal.Value): boolean {
  return new Decimal(a).eq(b);
}

function keyOf({ accountId, userId, liftId, maxType }: MaxKey): string {
  return `${accountId} ${userId} ${liftId} ${maxType}`;
}
