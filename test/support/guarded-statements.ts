/**
 * The guard over every statement that the service sends in a test: each could run with the tables distributed by account.
 * vitest loads this before each test file that has a database; a file of the list below fails when the service sends
 * another statement in it. The statements of tests themselves are not judged.
 */
import { relative } from 'node:path';
import { afterAll, expect, inject } from 'vitest';
import { PipelinedConnection } from '../../src/store/driver/pipelined-connection.ts';
import { WORKER_ROLE } from '../../src/store/enter-account.ts';
import { isException } from './statement-exceptions.ts';
import {
  type Constant,
  type Fault,
  faultsOverAccounts,
  routeStatement,
  type StatementRoute,
} from './statement-routes.ts';

type Statement = Parameters<PipelinedConnection['send']>[0];

export interface Finding {
  readonly file: string;
  readonly faults: readonly (Fault | 'a second account in one transaction')[];
  readonly text: string;
  /** Whether the handle is one of a cluster, which has forms of its own for some statements. */
  readonly isDistributed: boolean;
}

interface Transaction {
  /** Undefined: over all accounts. */
  readonly accountId: string | undefined;
  readonly isDistributed: boolean;
}

const functions = {
  notImmutable: new Set(inject('notImmutable')),
  volatile: new Set(inject('volatile')),
  drawing: new Map(inject('drawing')),
};
const ROOT = `${process.cwd()}/`;
/** Files through which every statement goes. */
const CARRIERS = /^src\/store\/(driver\/|database\.ts|insert-only\.ts)/;

const routes = new Map<string, StatementRoute>();
const overAccounts = new Map<string, readonly Fault[]>();
const findings = new Map<string, Finding>();
/** The transaction of a connection; none for another one than an account's or that over all, as a migration's. */
const transactions = new WeakMap<PipelinedConnection, Transaction>();

const { send, executeQuery } = PipelinedConnection.prototype;
PipelinedConnection.prototype.send = function (statement) {
  judge(this, statement);
  return send.call(this, statement);
};
PipelinedConnection.prototype.executeQuery = function <R>(this: PipelinedConnection, statement: Statement) {
  judge(this, statement);
  return executeQuery.call(this, statement) as ReturnType<typeof executeQuery<R>>;
};

function judge(connection: PipelinedConnection, { sql: text, parameters }: Statement): void {
  if (text.startsWith('begin')) {
    transactions.delete(connection);
    return;
  }
  const entered = enteredBy(text, parameters);
  if (entered !== undefined) {
    transactions.set(connection, entered);
  }
  const transaction = transactions.get(connection);
  if (transaction === undefined) {
    return;
  }
  const { accountId, isDistributed } = transaction;
  const faults = accountId === undefined ? judgeOver(text) : judgeOf(accountId, text, parameters);
  if (faults.length > 0 && !findings.has(text)) {
    const file = senderOf(new Error('where the statement comes from'));
    if (file !== undefined) {
      findings.set(text, { file, faults, text, isDistributed });
    }
  }
}

function judgeOver(text: string): readonly Fault[] {
  const known = overAccounts.get(text) ?? faultsOverAccounts(text);
  overAccounts.set(text, known);
  return known;
}

function judgeOf(accountId: string, text: string, parameters: readonly unknown[]): Finding['faults'] {
  const route = routes.get(text) ?? routeStatement(text, functions);
  routes.set(text, route);
  const parameterOf = (constant: Constant) =>
    'parameter' in constant ? parameters[constant.parameter - 1] : constant.literal;
  return route.accounts.every((constant) => parameterOf(constant) === accountId)
    ? route.faults
    : [...route.faults, 'a second account in one transaction'];
}

/** The transaction that starts with this statement of enter-account.ts. */
function enteredBy(text: string, parameters: readonly unknown[]): Transaction | undefined {
  if (text.includes(`'role', '${WORKER_ROLE}'`)) {
    return { accountId: undefined, isDistributed: false };
  }
  const [, parameter] = /'progression\.account_id', \$(\d+)/.exec(text) ?? [];
  if (parameter !== undefined) {
    return { accountId: String(parameters[Number(parameter) - 1]), isDistributed: false };
  }
  const [, accountId] = /^set local progression\.account_id = '(.*)'$/.exec(text) ?? [];
  return accountId === undefined ? undefined : { accountId, isDistributed: true };
}

/** The file of the service that sends the statement; undefined: a test does. */
function senderOf({ stack = '' }: Error): string | undefined {
  const files = [...stack.matchAll(/\(?(?:file:\/\/)?(\/[^():]+):\d+:\d+\)?$/gm)]
    .map(([, path = '']) => relative(ROOT, path))
    .filter(
      (path) =>
        /^(src|test)\//.test(path) && !CARRIERS.test(path) && path !== 'test/support/guarded-statements.ts',
    );
  const [file = 'src/store/database.ts'] = files;
  return file.startsWith('src/') ? file : undefined;
}

/** The tests whose statements have to be free of findings; together they send most statements of events, runs and time. */
const JUDGED: ReadonlySet<string> = new Set([
  'test/athletes/erase-user.test.ts',
  'test/automation/actions/action-runner.test.ts',
  'test/automation/actions/move-runs.test.ts',
  'test/automation/configuration/workflows.test.ts',
  'test/automation/evaluation/evaluator.test.ts',
  'test/automation/publishing/publish-backlog.test.ts',
  'test/automation/publishing/publish-events.test.ts',
  'test/automation/time/planned-sessions.test.ts',
  'test/catalog/enrollments.test.ts',
  'test/catalog/programs/copy-program.test.ts',
  'test/catalog/programs/programs.test.ts',
  'test/catalog/programs/update-program.test.ts',
  'test/events/list-events.test.ts',
  'test/events/watch-events.test.ts',
  'test/progression/engine/facts.test.ts',
  'test/progression/handle-session-complete.test.ts',
  'test/progression/late-sets.test.ts',
  'test/progression/progression-states.test.ts',
  'test/retention/retention.test.ts',
  'test/store/cluster.test.ts',
  'test/store/database.test.ts',
  'test/store/insert-only.test.ts',
]);

afterAll(() => {
  if (JUDGED.has(relative(ROOT, expect.getState().testPath ?? ''))) {
    const unexpected = [...findings.values()].filter((finding) => !isException(finding));
    expect(unexpected, 'statements that cannot run on a cluster; see docs/citus.md').toEqual([]);
  }
});
