/** Many accounts on few connections: each call checks that it sees, gets and changes only its own rows. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { MaxType, SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import { type Database, Rollback, type Transaction } from '../../src/store/database.ts';
import { type Athlete, createAthlete, createTeammate } from '../support/fixtures.ts';
import { amrap, deload, linear } from '../support/rule-fixtures.ts';
import { type AccountClient, createAccountClients } from './account-client.ts';

export interface InterleaveOptions {
  readonly calls: number;
  readonly accounts: number;
  readonly inFlight: number;
  /** The share of calls that are aborted: 0 to 1. */
  readonly abortedShare: number;
  readonly seed: number;
}

export interface Findings {
  readonly calls: number;
  /** Calls that were aborted on purpose, by their caller or by PostgreSQL. */
  readonly aborted: number;
  /** Calls that committed, or read to the end, by kind. */
  readonly finished: Readonly<Record<string, number>>;
  /** Unexpected failures. */
  readonly failures: readonly string[];
  /** Rows of another account that a call saw, got an id of, or changed. */
  readonly foreignRows: readonly string[];
}

interface Caller {
  readonly accountId: string;
  readonly athletes: readonly Athlete[];
  readonly client: AccountClient;
}

/** Tables whose rows belong to accounts. */
const TABLES = [
  ...['users', 'lifts', 'programs', 'program_lifts', 'progressions', 'program_progressions', 'enrollments'],
  ...['lift_maxes', 'progression_logs', 'logged_sets', 'failure_counters', 'progression_states', 'requests'],
  ...['outbox', 'audit_log'],
];

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

class Aborted extends Error {}

/** Creates the accounts over `owner`, and makes the calls over `database`, at most `inFlight` at the same time. */
export async function interleave(
  owner: Database,
  database: Database,
  options: InterleaveOptions,
): Promise<Findings> {
  const run = new Interleaving(database, options);
  await run.prepare(owner);
  return run.play();
}

class Interleaving {
  readonly #database: Database;
  readonly #options: InterleaveOptions;
  readonly #random: () => number;
  readonly #callers: Caller[] = [];
  /** The account of each id in an answer. */
  readonly #ownerOf = new Map<string, string>();
  readonly #foreignRows: string[] = [];
  readonly #failures: string[] = [];
  readonly #finished: Record<string, number> = {};
  #aborted = 0;

  constructor(database: Database, options: InterleaveOptions) {
    this.#database = database;
    this.#options = options;
    this.#random = randomFrom(options.seed);
  }

  async prepare(owner: Database): Promise<void> {
    const clientOf = createAccountClients(this.#database);
    for (let count = 0; count < this.#options.accounts; count += 1) {
      const athlete = await createAthlete(owner, {
        lifts: { squat: '100', bench: '60' },
        rules: [linear(), amrap(), deload({ failureThreshold: 3 })],
      });
      const teammate = await createTeammate(owner, athlete, { squat: '80', bench: '40' });
      const { accountId } = athlete;
      this.#callers.push({ accountId, athletes: [athlete, teammate], client: clientOf(accountId) });
      await owner.transaction(accountId, (tx) => sql`update users set name = ${accountId}`.execute(tx.sql));
    }
  }

  async play(): Promise<Findings> {
    let left = this.#options.calls;
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        await this.#call();
      }
    };
    await Promise.all(Array.from({ length: this.#options.inFlight }, worker));
    return {
      calls: this.#options.calls,
      aborted: this.#aborted,
      finished: this.#finished,
      failures: this.#failures,
      foreignRows: this.#foreignRows,
    };
  }

  async #call(): Promise<void> {
    const caller = this.#pick(this.#callers);
    const isAborted = this.#random() < this.#options.abortedShare;
    const kinds = isAborted ? ABORTED_CALLS : CALLS;
    const [kind, call] = this.#pick(kinds);
    try {
      const answer = await call(
        { ...caller, athlete: this.#pick(caller.athletes) },
        {
          database: this.#database,
          stranger: this.#pick(this.#callers.filter((other) => other !== caller)),
          delayMs: Math.ceil(this.#random() * 10),
        },
      );
      this.#check(kind, caller.accountId, answer);
      this.#finished[kind] = (this.#finished[kind] ?? 0) + 1;
    } catch (error) {
      if (error instanceof Aborted) {
        this.#aborted += 1;
      } else {
        this.#failures.push(`${kind}: ${error}`);
      }
    }
  }

  /** An id belongs to the account whose answer had it first; no other account's answer may have it. */
  #check(kind: string, accountId: string, answer: unknown): void {
    const text = JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? `${value}` : value)) ?? '';
    for (const [id] of text.matchAll(UUID)) {
      const owner = this.#ownerOf.get(id) ?? accountId;
      this.#ownerOf.set(id, owner);
      if (owner !== accountId) {
        this.#foreignRows.push(`${kind} of ${accountId} was told ${id} of ${owner}`);
      }
    }
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }
}

type CallKind = (
  caller: Caller & { athlete: Athlete },
  stage: { database: Database; stranger: Caller; delayMs: number },
) => Promise<unknown>;

const trainingMax = MaxType.TRAINING_MAX;

function sessionOf({ athlete }: { athlete: Athlete }) {
  const liftsPerformed = Object.values(athlete.liftIds);
  return {
    userId: athlete.userId,
    session: { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed },
  };
}

function setsOf({ athlete }: { athlete: Athlete }, repsPerformed: number) {
  const liftId = `${athlete.liftIds.squat}`;
  const set = { liftId, setNumber: 1, kind: SetKind.AMRAP, weight: '60', targetReps: 5, repsPerformed };
  return { userId: athlete.userId, sessionId: uuidv7(), sets: [set] };
}

/** The accounts of some rows of every table, read without a condition: only row-level security selects them. */
async function accountsInSight(tx: Transaction): Promise<string[]> {
  const parts = TABLES.map((table) => sql`(select account_id from ${sql.table(table)} limit 20)`);
  const { rows } = await sql<{ account_id: string }>`${sql.join(parts, sql` union `)}`.execute(tx.sql);
  return rows.map(({ account_id }) => account_id);
}

/** Writes to every visible row; marks in other accounts' rows are found at the end. */
async function markEverything(tx: Transaction): Promise<void> {
  await sql`update users set name = ${tx.accountId}`.execute(tx.sql);
  await sql`update programs set description = ${tx.accountId}`.execute(tx.sql);
}

const CALLS: readonly (readonly [string, CallKind])[] = [
  ['complete a session', (caller) => caller.client.progression.handleSessionComplete(sessionOf(caller))],
  ['complete another', (caller) => caller.client.progression.handleSessionComplete(sessionOf(caller))],
  ['log a set', (caller) => caller.client.progression.logSets(setsOf(caller, 8))],
  ['log a failed set', (caller) => caller.client.progression.logSets(setsOf(caller, 2))],
  [
    'set a max',
    ({ client, athlete: { userId, liftIds } }) =>
      client.progression.setLiftMax({
        ...{ userId, liftId: `${liftIds.bench}`, maxType: trainingMax, value: '70', reason: 'test' },
      }),
  ],
  ['list maxes', ({ client, athlete: { userId } }) => client.progression.listLiftMaxes({ userId })],
  [
    'list logs',
    ({ client, athlete: { userId } }) => client.progression.listProgressionLogs({ userId, pageSize: 5 }),
  ],
  ['list users', ({ client }) => client.users.listUsers({})],
  ['list programs', ({ client }) => client.programs.listPrograms({})],
  ['read everything', ({ accountId }, { database }) => database.transaction(accountId, accountsInSight)],
  ['write to everything', ({ accountId }, { database }) => database.transaction(accountId, markEverything)],
];

/** Rejects with Aborted when the call failed; an answer that arrived before is checked like any other. */
async function mayAbort(call: Promise<unknown>): Promise<unknown> {
  return call.catch(() => {
    throw new Aborted();
  });
}

/** For a call that must not succeed. */
async function mustAbort(call: Promise<unknown>): Promise<never> {
  await mayAbort(call);
  throw new Error('it succeeded');
}

const ABORTED_CALLS: readonly (readonly [string, CallKind])[] = [
  [
    'go away during a session',
    (caller, { delayMs }) =>
      mayAbort(
        caller.client.progression.handleSessionComplete(sessionOf(caller), {
          signal: AbortSignal.timeout(delayMs),
        }),
      ),
  ],
  [
    'change one’s mind',
    async ({ accountId }, { database }) => {
      await database.transaction(accountId, async (tx) => {
        await markEverything(tx);
        throw new Rollback(undefined);
      });
      throw new Aborted();
    },
  ],
  [
    'break a statement',
    ({ accountId }, { database }) =>
      mustAbort(
        database.transaction(accountId, async (tx) => {
          await markEverything(tx);
          await sql`select 1 / 0`.execute(tx.sql);
        }),
      ),
  ],
  [
    'run out of time',
    ({ accountId }, { database, delayMs }) =>
      mustAbort(
        database.transaction(accountId, (tx) => sql`select pg_sleep(60)`.execute(tx.sql), {
          deadlineAtMs: performance.now() + delayMs,
        }),
      ),
  ],
  [
    'forge a row',
    ({ accountId }, { database, stranger }) =>
      mustAbort(
        database.transaction(accountId, (tx) =>
          sql`insert into users (account_id, id, name) values (${stranger.accountId}, ${uuidv7()}, 'forged')`.execute(
            tx.sql,
          ),
        ),
      ),
  ],
];

/** Mulberry32: the same calls for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
