/** Counters of failures and stages: what they are is what comes out when the logged sets are gone through again. */
import type { CheckedAccount, History, MemoryRow, SetRow, Violation } from '../history.ts';

interface Expected {
  failures: number;
  stage: number;
}

export function checkMemories({ accounts, stored }: History): Violation[] {
  const violations: Violation[] = [];
  const complain = (detail: string) => violations.push({ rule: 'COUNTERS_AS_REPLAYED', detail });
  const counters = byRule(stored.counters);
  const stages = byRule(stored.stages);
  const applied = new Set(
    stored.logs
      .filter(({ triggerType }) => triggerType === 'ON_FAILURE')
      .map(({ accountId, userId, progressionId, triggerKey }) =>
        textOf(accountId, userId, progressionId, triggerKey),
      ),
  );
  const accountOf = new Map(accounts.map((account) => [account.accountId, account]));
  const expected = new Map<string, Expected>();
  for (const set of stored.sets) {
    const account = accountOf.get(set.accountId);
    if (account) {
      replaySet(set, account, expectedOf(expected, set), applied, complain);
    }
  }
  for (const [lift, { failures, stage }] of expected) {
    const [accountId = '', userId = '', liftId = ''] = lift.split(' ');
    const account = accountOf.get(accountId);
    const count = counters.get(textOf(accountId, userId, liftId, account?.deloadId ?? '')) ?? 0;
    if (liftId === account?.deloadLiftId && count !== failures) {
      complain(`${lift} has failed ${failures} times in a row, and is counted ${count}`);
    }
    const kept = stages.get(textOf(accountId, userId, liftId, account?.stagesId ?? '')) ?? 0;
    if (liftId === account?.stagesLiftId && kept !== stage) {
      complain(`${lift} is at stage ${stage}, and is kept at ${kept}`);
    }
  }
  for (const [rule, value] of [...counters, ...stages]) {
    if (value !== 0 && !expected.has(rule.split(' ').slice(0, 3).join(' '))) {
      complain(`${rule} is at ${value} without a set`);
    }
  }
  return violations;
}

/** One set, as the rule of failures of its lift sees it. */
function replaySet(
  set: SetRow,
  account: CheckedAccount,
  expected: Expected,
  applied: ReadonlySet<string>,
  complain: (detail: string) => void,
): void {
  const key = `set:${set.sessionId}:${set.liftId}:${set.setNumber}`;
  const has = (progressionId: string) => applied.has(textOf(set.accountId, set.userId, progressionId, key));
  if (set.repsPerformed >= set.targetReps) {
    expected.failures = 0;
    return;
  }
  expected.failures += 1;
  if (set.liftId === account.deloadLiftId) {
    const isDeloaded = has(account.deloadId);
    if (isDeloaded !== expected.failures >= account.failureThreshold) {
      complain(`${key} ${isDeloaded ? 'deloaded' : 'did not deload'} after ${expected.failures} failures`);
    }
    expected.failures = isDeloaded ? 0 : expected.failures;
  } else if (has(account.stagesId)) {
    expected.stage = (expected.stage + 1) % account.stages;
  }
}

function expectedOf(all: Map<string, Expected>, { accountId, userId, liftId }: SetRow): Expected {
  const key = textOf(accountId, userId, liftId);
  const known = all.get(key) ?? { failures: 0, stage: 0 };
  all.set(key, known);
  return known;
}

function byRule(rows: readonly MemoryRow[]): Map<string, number> {
  return new Map(
    rows.map(({ accountId, userId, liftId, progressionId, value }) => [
      textOf(accountId, userId, liftId, progressionId),
      value,
    ]),
  );
}

function textOf(...parts: readonly string[]): string {
  return parts.join(' ');
}
