/** Failure counters and stages equal the result of replaying the sets and applications that stand. */
import type { CheckedAccount, CounterRow, History, SetRow, Violation } from '../run-history.ts';

interface Expected {
  failures: number;
  stage: number;
}

export function checkCounters({ accounts, stored }: History): Violation[] {
  const violations: Violation[] = [];
  const report = (detail: string) => violations.push({ rule: 'COUNTERS_AS_REPLAYED', detail });
  const counters = byRule(stored.counters);
  const stages = byRule(stored.stages);
  const applied = new Set(
    stored.logs
      .filter(({ triggerType, isReverted }) => triggerType === 'ON_FAILURE' && !isReverted)
      .map(({ accountId, userId, progressionId, triggerKey }) =>
        joinKey(accountId, userId, progressionId, triggerKey),
      ),
  );
  const accountOf = new Map(accounts.map((account) => [account.accountId, account]));
  // Where a set was put right or came late, the sets behind it were decided by what was known then.
  const isPutRight = new Set(
    [
      ...stored.corrections,
      ...stored.logs.filter(({ revertsLogId }) => revertsLogId !== null),
      ...stored.sets.filter(({ isLate }) => isLate),
    ].map(({ accountId, userId, liftId }) => joinKey(accountId, userId, liftId)),
  );
  const expected = new Map<string, Expected>();
  for (const set of stored.sets) {
    const account = accountOf.get(set.accountId);
    if (account) {
      const isDecidedOnce = !isPutRight.has(joinKey(set.accountId, set.userId, set.liftId));
      const tell = isDecidedOnce ? report : () => {};
      replaySet(set, account, getExpected(expected, set), applied, tell);
    }
  }
  for (const [lift, { failures, stage }] of expected) {
    const [accountId = '', userId = '', liftId = ''] = lift.split(' ');
    const account = accountOf.get(accountId);
    const count = counters.get(joinKey(accountId, userId, liftId, account?.deloadId ?? '')) ?? 0;
    if (liftId === account?.deloadLiftId && count !== failures) {
      report(`${lift} has failed ${failures} times in a row, but its counter is ${count}`);
    }
    const storedStage = stages.get(joinKey(accountId, userId, liftId, account?.stagesId ?? '')) ?? 0;
    if (liftId === account?.stagesLiftId && storedStage !== stage) {
      report(`${lift} is at stage ${stage}, but ${storedStage} is stored`);
    }
  }
  for (const [rule, value] of [...counters, ...stages]) {
    const isOfClients = accountOf.has(rule.split(' ')[0] ?? '');
    if (value !== 0 && isOfClients && !expected.has(rule.split(' ').slice(0, 3).join(' '))) {
      report(`${rule} is at ${value} without a set`);
    }
  }
  return violations;
}

/** Replays one set for the failure rule of its lift. */
function replaySet(
  set: SetRow,
  account: CheckedAccount,
  expected: Expected,
  applied: ReadonlySet<string>,
  report: (detail: string) => void,
): void {
  const key = `set:${set.sessionId}:${set.liftId}:${set.setNumber}`;
  const has = (progressionId: string) => applied.has(joinKey(set.accountId, set.userId, progressionId, key));
  if (set.repsPerformed >= set.targetReps) {
    expected.failures = 0;
    return;
  }
  expected.failures += 1;
  if (set.liftId === account.deloadLiftId) {
    const isDeloaded = has(account.deloadId);
    if (isDeloaded !== expected.failures >= account.failureThreshold) {
      report(`${key} ${isDeloaded ? 'deloaded' : 'did not deload'} after ${expected.failures} failures`);
    }
    expected.failures = isDeloaded ? 0 : expected.failures;
  } else if (has(account.stagesId)) {
    expected.stage = (expected.stage + 1) % account.stages;
  }
}

function getExpected(all: Map<string, Expected>, { accountId, userId, liftId }: SetRow): Expected {
  const key = joinKey(accountId, userId, liftId);
  const known = all.get(key) ?? { failures: 0, stage: 0 };
  all.set(key, known);
  return known;
}

function byRule(rows: readonly CounterRow[]): Map<string, number> {
  return new Map(
    rows.map(({ accountId, userId, liftId, progressionId, value }) => [
      joinKey(accountId, userId, liftId, progressionId),
      value,
    ]),
  );
}

function joinKey(...parts: readonly string[]): string {
  return parts.join(' ');
}
