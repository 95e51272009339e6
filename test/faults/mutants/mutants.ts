/** The mutants of the service that the campaigns must detect. */
import type { Mutant, Replacement } from './mutant.ts';

/** Faults that end connections in the middle of transactions. */
const BROKEN_TRANSACTIONS = { TERMINATE_BACKENDS: 12, CUT_DATABASE: 6 } as const;

/** The source of Database.transaction, which several mutants replace. */
const TRANSACTION = {
  file: 'src/store/database.ts',
  begin: `return await inTransaction(async (em, noteEntries) => {
        const statements`,
  work: `return await work(tx);
        } finally {
          statements.close();
        }
      });`,
} as const;

const inTransaction = (part: 'begin' | 'work', replace: string): Replacement => ({
  file: TRANSACTION.file,
  search: TRANSACTION[part],
  replace,
});

/** A failover loses changes, and numbers of revisions are given again. */
const AFTER_FAILOVER = {
  kind: 'TEST',
  file: 'test/store/failover.test.ts',
  title:
    'after a failover that lost changes, rules, triggers, accounts, etags and the log are those of the new primary',
} as const;

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'has no unique key for some request IDs',
    replacements: [
      {
        file: 'migrations/005-young-tables.ts',
        search: "this.addSql('alter table requests drop constraint event_is_recorded_once');",
        replace: `this.addSql('alter table requests drop constraint event_is_recorded_once');
    this.addSql('alter table requests drop constraint requests_pkey');
    this.addSql("create unique index requests_pkey on requests (account_id, method, request_id) where method <> 'SetLiftMax'");`,
      },
    ],
    scenario: { kind: 'DUPLICATES', calls: 40, copies: 16 },
    rules: ['REQUEST_ONCE', 'ONE_ANSWER'],
  },
  {
    name: 'answers before the commit',
    replacements: [
      inTransaction(
        'begin',
        'const early = Promise.withResolvers<T>(); const late = inTransaction(async (em, noteEntries) => { const statements',
      ),
      inTransaction(
        'work',
        'const answer = await work(tx); early.resolve(answer); return answer; } finally { statements.close(); } }); late.catch(early.reject); return await early.promise;',
      ),
    ],
    scenario: { kind: 'FAULTS', faults: BROKEN_TRANSACTIONS },
    rules: ['ACKNOWLEDGED_IS_APPLIED'],
  },
  {
    name: 'ignores the error of a commit',
    replacements: [
      inTransaction(
        'begin',
        'let done: { answer: T } | undefined; try { return await inTransaction(async (em, noteEntries) => { const statements',
      ),
      inTransaction(
        'work',
        'done = { answer: await work(tx) }; return done.answer; } finally { statements.close(); } }); } catch (error) { if (done) { return done.answer; } throw error; }',
      ),
    ],
    scenario: { kind: 'FAULTS', faults: BROKEN_TRANSACTIONS },
    rules: ['ACKNOWLEDGED_IS_APPLIED'],
  },
  {
    name: 'compares the request ID but not the payload',
    replacements: [
      {
        file: 'src/progression/engine/unit-of-work.ts',
        search: 'return ledger.sameRequest.fingerprint.equals(fingerprint)',
        replace: 'return true',
      },
    ],
    scenario: { kind: 'FAULTS', faults: { DELAY_CLIENTS: 4 }, calls: { otherPayload: 10, session: 10 } },
    rules: ['PAYLOAD_OF_REQUEST'],
  },
  {
    name: 'leaves the account set on the connection',
    replacements: [
      {
        file: 'src/store/enter-account.ts',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source
        search: 'set_config(${sql.lit(name)}, ${value}, true)',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source
        replace: "set_config(${sql.lit(name)}, ${value}, ${sql.lit(name === 'lock_timeout')})",
      },
    ],
    scenario: { kind: 'FAULTS', faults: { CUT_DATABASE: 6 } },
    rules: ['CONNECTION_CLEAN'],
  },
  {
    name: 'relays only entries after a cursor',
    replacements: [
      {
        file: 'src/events/outbox-entries.ts',
        search: 'relayed_at is null\n      order by sequence',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source
        replace: 'relayed_at is null and sequence > ${String(cursor.sequence)}\n      order by sequence',
      },
      {
        file: 'src/events/outbox-entries.ts',
        search: 'return rows.map((row) => ({ ...toWaitingEntry(row), partition',
        replace:
          'for (const row of rows) { if (BigInt(row.sequence) > cursor.sequence) { cursor.sequence = BigInt(row.sequence); } }\n  return rows.map((row) => ({ ...toWaitingEntry(row), partition',
      },
      {
        file: 'src/events/outbox-entries.ts',
        search: 'function toWaitingEntry(',
        replace: 'const cursor = { sequence: 0n };\n\nfunction toWaitingEntry(',
      },
    ],
    servers: 1,
    scenario: { kind: 'FAULTS', faults: { DELAY_DATABASE: 6 } },
    rules: ['RELAYED', 'EVALUATED'],
  },
  {
    name: 'does not retry after a conflict',
    replacements: [
      {
        file: 'src/progression/engine/single-runs.ts',
        search: "return violatedUniqueConstraint(error) === 'requests_pkey';",
        replace: 'return false;',
      },
    ],
    scenario: { kind: 'FAULTS', faults: { DELAY_DATABASE: 8 }, calls: { otherPayload: 10 } },
    rules: ['NO_DEFECT'],
  },
  {
    name: 'does not lock athletes',
    replacements: [
      {
        file: 'src/progression/engine/load-ledger.ts',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source
        search: 'for no key update ${skipLocked ? sql`skip locked` : sql``}',
        replace: '',
      },
    ],
    scenario: { kind: 'FAULTS', faults: { DELAY_DATABASE: 8 }, calls: { session: 1, sets: 1 }, athletes: 2 },
    rules: ['NO_DEFECT', 'COUNTERS_AS_REPLAYED', 'VERSION_CHAIN'],
  },
  {
    name: 'writes the outbox in a separate transaction',
    replacements: [
      {
        file: 'src/store/outbox.ts',
        search:
          'insertOnly(tx, OutboxEntryEntity, { accountId: tx.accountId, id: newId(), facts, ...origin });',
        replace:
          '((tx.em as never as { later: unknown[] }).later ??= []).push({ accountId: tx.accountId, id: newId(), facts, ...origin });',
      },
      inTransaction(
        'begin',
        'let later: unknown[] = []; const answer = await inTransaction(async (em, noteEntries) => { const statements',
      ),
      inTransaction(
        'work',
        `const done = await work(tx);
          later = (em as never as { later: unknown[] }).later ?? [];
          return done;
          } finally {
            statements.close();
          }
        });
        await orm.em.fork().transactional(async (em) => {
          await enterAccount({ accountId, isDistributed, sql: (em as EntityManager).getKysely() }, {});
          for (const each of later) {
            em.create(OutboxEntryEntity, each as never);
          }
        });
        return answer;`,
      ),
    ],
    scenario: { kind: 'FAULTS', faults: BROKEN_TRANSACTIONS },
    rules: ['EVENTS_AS_APPLIED'],
  },
  {
    name: 'removes events from the outbox before their runs start',
    replacements: [
      {
        file: 'src/automation/evaluation/evaluate-entries.ts',
        search: "const enrollmentIds = await writeVerdicts(tx, verdicts, { kind: 'LIVE', now, limits });",
        replace: `const enrollmentIds = new Map(verdicts.filter(({ reason }) => reason === 'ENROLLED').map((each) => [each, newId()]));
  const later = (own: Transaction) => writeVerdicts(own, verdicts, { kind: 'LIVE', now, limits, enrollmentIds } as never);`,
      },
      {
        file: 'src/automation/evaluation/evaluate-entries.ts',
        search: 'return { verdicts, count: entries.length };',
        replace: 'return { verdicts, count: entries.length, later } as never;',
      },
      {
        file: 'src/automation/evaluation/evaluate-entries.ts',
        search: "import type { Clock, Instant } from '../../values/instant.ts';",
        replace:
          "import type { Clock, Instant } from '../../values/instant.ts';\nimport { newId } from '../../values/new-id.ts';",
      },
      {
        file: 'src/automation/evaluation/write-verdicts.ts',
        search: 'const enrollmentIds = new Map(enrolling.map((verdict) => [verdict, newId()]));',
        replace: 'const { enrollmentIds } = recording as never as { enrollmentIds: Map<Verdict, string> };',
      },
      {
        file: 'src/automation/evaluation/evaluator.ts',
        search: 'verdicts = done.verdicts;',
        replace: 'verdicts = done.verdicts; later = (done as never as { later: typeof later }).later;',
      },
      {
        file: 'src/automation/evaluation/evaluator.ts',
        search: 'let verdicts: readonly Verdict[] = [];',
        replace:
          'let verdicts: readonly Verdict[] = []; let later = async (_: Transaction): Promise<unknown> => undefined;',
      },
      {
        file: 'src/automation/evaluation/evaluator.ts',
        search: "failpoint('evaluation-committed');",
        replace: "failpoint('evaluation-committed'); await database.transaction(accountId, later);",
      },
    ],
    scenario: { kind: 'FAILPOINTS', points: ['evaluation-committed'], hits: 12 },
    rules: ['RUN_ONCE'],
  },
  {
    name: 'executes a step before the transaction that records it',
    replacements: [
      {
        file: 'src/automation/actions/take-step.ts',
        search: 'const outcome = await type.run(change, step, prepared.action.value as never, limits);',
        replace:
          'const outcome = await deps.database.transaction(tx.accountId, (own) => type.run({ ...change, tx: own }, step, prepared.action.value as never, limits));',
      },
    ],
    scenario: { kind: 'FAILPOINTS', points: ['step-done'], hits: 8 },
    rules: ['RUN_ONCE'],
  },
  {
    name: 'builds a new answer for a repeated request',
    replacements: [
      {
        file: 'src/progression/engine/unit-of-work.ts',
        search: 'response: ledger.sameRequest.response, isReplayed: true',
        replace: 'response: command.codec.encodeDuplicate(ledger.sameRequest.response), isReplayed: true',
      },
    ],
    scenario: { kind: 'DUPLICATES', calls: 30, copies: 8 },
    rules: ['ONE_ANSWER'],
  },
  {
    name: 'does not flush commits to disk',
    replacements: [
      {
        file: 'src/store/enter-account.ts',
        search: 'const settings = [',
        replace: "const settings = [\n    sql`set_config('synchronous_commit', 'off', true)`,",
      },
    ],
    // Leaves time for calls between two kills.
    scenario: { kind: 'FAULTS', faults: { KILL_POSTMASTER: 6, DELAY_CLIENTS: 6 }, calls: { session: 1 } },
    rules: ['ACKNOWLEDGED_IS_APPLIED'],
  },
  {
    name: 'does not reset failure counters',
    replacements: [
      {
        file: 'src/progression/engine/write-plan.ts',
        search: 'for (const { liftId, progressionId, value } of changes.failureCounts) {',
        replace:
          'for (const { liftId, progressionId, value } of changes.failureCounts.filter(({ value }) => value.consecutiveFailures > 0)) {',
      },
    ],
    scenario: { kind: 'FAULTS', faults: { DELAY_CLIENTS: 4 } },
    rules: ['COUNTERS_AS_REPLAYED'],
  },
  {
    name: 'does not count anew after a correction',
    replacements: [
      {
        file: 'src/progression/engine/put-right.ts',
        search: 'writeStates(tx, userId, history, redecision);',
        replace: '',
      },
    ],
    scenario: {
      ...{ kind: 'FAULTS', faults: { DELAY_CLIENTS: 4 }, athletes: 10 },
      calls: { sets: 10, correct: 10, undo: 10 },
    },
    rules: ['COUNTERS_AS_REPLAYED'],
  },
  {
    name: 'counts late sets in the order of their arrival',
    replacements: [
      {
        file: 'src/progression/engine/moments.ts',
        search: 'history.sets.toSorted(compareSets)',
        replace: 'history.sets',
      },
    ],
    scenario: {
      ...{ kind: 'FAULTS', faults: { STEP_CLOCK: 12 }, athletes: 10 },
      calls: { sets: 3, session: 3, late: 20 },
    },
    rules: ['COUNTERS_AS_REPLAYED'],
  },
  {
    name: 'does not end runs at their goal',
    replacements: [
      {
        file: 'src/automation/evaluation/listening-runs.ts',
        search: 'if (await findHeard(tx, types, goals, heard)) {',
        replace: 'if (goals.length < 0) {',
      },
    ],
    scenario: { kind: 'FAULTS', faults: { DELAY_CLIENTS: 2 }, calls: { invitation: 1 } },
    rules: ['RUN_ONCE'],
  },
  {
    name: 'does not hold athletes in loops',
    replacements: [
      {
        file: 'src/automation/decision/decision-stages.ts',
        search: 'return count < limits.loopEnrollments\n',
        replace: 'return true\n',
      },
    ],
    scenario: {
      ...{ kind: 'FAULTS', faults: { DELAY_CLIENTS: 12 }, athletes: 2 },
      calls: { invitation: 1 },
    },
    rules: ['HELD'],
  },
  {
    name: 'acknowledges commits whose wait for a standby was cancelled',
    replacements: [
      {
        file: 'src/store/driver/pipelined-connection.ts',
        search: 'this.#isUnreplicated ||= routine === STANDBY_WAIT;',
        replace: 'void routine;',
      },
    ],
    scenario: { kind: 'FAULTS', faults: { FAILOVER_WAITING: 2 } },
    rules: ['ACKNOWLEDGED_IS_APPLIED', 'ONE_ANSWER'],
  },
  {
    name: 'applies a recorded event again',
    replacements: [
      {
        file: 'src/progression/engine/unit-of-work.ts',
        search: 'const known = ledger[index]?.sameEvent;',
        replace: 'const known = undefined as EarlierEvent | undefined;',
      },
      {
        file: 'migrations/005-young-tables.ts',
        search: 'create unique index event_is_recorded_once',
        replace: 'create index event_is_recorded_once',
      },
      {
        file: 'migrations/031-guards-that-list.ts',
        search:
          'create unique index progression_applies_once_per_event on progression_logs\n      (account_id, user_id, session_id',
        replace:
          'create index progression_applies_once_per_event on progression_logs\n      (account_id, user_id, session_id',
      },
    ],
    scenario: { kind: 'FAULTS', faults: { DELAY_CLIENTS: 3 }, calls: { repeatedEvent: 10 } },
    rules: ['EVENTS_AS_APPLIED'],
  },
  {
    name: 'resolves the names of webhooks by the threads of the pool',
    replacements: [
      {
        file: 'src/automation/actions/resolve-webhook-host.ts',
        search: "import { Resolver } from 'node:dns/promises';",
        replace: "import { lookup, Resolver } from 'node:dns/promises';",
      },
      {
        file: 'src/automation/actions/resolve-webhook-host.ts',
        search: 'queryAddresses(host, limits, servers).then(',
        replace: 'lookup(host, { all: true }).then((addresses) => ({ addresses, ttlMs: 0 })).then(',
      },
    ],
    scenario: {
      kind: 'TEST',
      file: 'test/automation/actions/resolve-webhook-host.test.ts',
      title:
        'no thread of the pool waits, the webhook of another account arrives, and the database is connected to by name',
    },
    rules: [],
  },
  {
    name: 'keeps rules by the number of their revision alone',
    replacements: [
      {
        file: 'src/progression/engine/load-ledger.ts',
        search: "p.revision || ' ' || p.revision_identity as revision",
        replace: 'p.revision::text as revision',
      },
      {
        file: 'src/progression/engine/load-program.ts',
        search: "p.revision || ' ' || p.revision_identity as revision",
        replace: 'p.revision::text as revision',
      },
    ],
    scenario: AFTER_FAILOVER,
    rules: [],
  },
  {
    name: 'keeps triggers by the number of their revision alone',
    replacements: [
      {
        file: 'src/automation/evaluation/candidate-index.ts',
        search: 'one.identity === other.identity && one.number === other.number',
        replace: 'one.number === other.number',
      },
      {
        file: 'src/automation/evaluation/candidate-index.ts',
        search: 'earlier.number < later.number && later.identities.includes(earlier.identity)',
        replace: 'earlier.number < later.number',
      },
    ],
    scenario: AFTER_FAILOVER,
    rules: [],
  },
];
