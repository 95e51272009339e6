/** MikroORM on PostgreSQL: one database handle, and transactions that belong to one account. */
import { Migrator } from '@mikro-orm/migrations';
import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { type QueryExecutorProvider, sql } from 'kysely';
import { traced } from '../flow/traced.ts';
import { type ConnectionSlotLimits, createConnectionSlots } from './connection-slots.ts';
import { isStalePlan, translateDatabaseError } from './database-error.ts';
import { ColumnInsertDriver } from './driver/column-insert-driver.ts';
import { openPool, type PoolUse, poolUseOf, renewConnections } from './driver/connection-pool.ts';
import { type ConnectionTarget, readConnectionTarget } from './driver/connection-target.ts';
import { createStatementNames, namesNothing } from './driver/pipelined-connection.ts';
import { PipelinedDialect } from './driver/pipelined-dialect.ts';
import { RowInsertDriver } from './driver/row-insert-driver.ts';
import { openStatements } from './driver/statements.ts';
import { enterAccount, enterWorker, type TransactionLimits } from './enter-account.ts';
import { AccountEntity } from './entities/account.ts';
import { ActionExecutionEntity } from './entities/action-execution.ts';
import { AuditEntryEntity } from './entities/audit-entry.ts';
import { BackfillEntity } from './entities/backfill.ts';
import { CustomEventTypeEntity } from './entities/custom-event-type.ts';
import { DeadLetterEntity } from './entities/dead-letter.ts';
import { EnrollmentEntity } from './entities/enrollment.ts';
import { EnrollmentOverrideEntity } from './entities/enrollment-override.ts';
import { EquipmentEntity } from './entities/equipment.ts';
import { FailureCounterEntity } from './entities/failure-counter.ts';
import { FieldDefinitionEntity } from './entities/field-definition.ts';
import { LiftEntity } from './entities/lift.ts';
import { LiftMaxEntity } from './entities/lift-max.ts';
import { LoggedSetEntity } from './entities/logged-set.ts';
import { OutboxEntryEntity } from './entities/outbox-entry.ts';
import { ProgramEntity } from './entities/program.ts';
import { ProgramLiftEntity } from './entities/program-lift.ts';
import { ProgramProgressionEntity } from './entities/program-progression.ts';
import { ProgressionEntity } from './entities/progression.ts';
import { ProgressionLogEntity } from './entities/progression-log.ts';
import { ProgressionStateEntity } from './entities/progression-state.ts';
import { SecretEntity } from './entities/secret.ts';
import { StoredRequestEntity } from './entities/stored-request.ts';
import { TimeCursorEntity } from './entities/time-cursor.ts';
import { TriggerActivityEntity } from './entities/trigger-activity.ts';
import { TriggerExecutionLogEntity } from './entities/trigger-execution-log.ts';
import { TriggerVersionEntity } from './entities/trigger-version.ts';
import { UserEntity } from './entities/user.ts';
import { WorkflowEntity } from './entities/workflow.ts';
import { WorkflowEnrollmentEntity } from './entities/workflow-enrollment.ts';
import { WorkflowHoldEntity } from './entities/workflow-hold.ts';
import { WorkflowTriggerEntity } from './entities/workflow-trigger.ts';
import { WorkflowVersionEntity } from './entities/workflow-version.ts';
import { insertsAfterFlush } from './insert-only.ts';
import { createKnownAccounts } from './known-accounts.ts';
import { MIGRATIONS } from './migrations.ts';
import { describeTransaction } from './trace-transaction.ts';
import { createWriteCheck } from './write-check.ts';

/** A transaction of one account: writes go through `em` and its flush, lean reads through `sql`. */
export interface Transaction {
  readonly accountId: string;
  /** See `DatabaseOptions.isDistributed`. */
  readonly isDistributed: boolean;
  readonly em: EntityManager;
  /** Statements that are not awaited one by one run in the order of their calls. */
  readonly sql: QueryExecutorProvider;
  /** The transaction writes entries to the outbox: its commit calls the listeners of `Database.onEntries`. */
  readonly noteEntries: () => void;
}

export interface Database {
  readonly orm: MikroORM;
  /** See `DatabaseOptions.isDistributed`. */
  readonly isDistributed: boolean;
  /**
   * Runs `work` in one READ COMMITTED transaction that sees and writes only rows of this account, then flushes and
   * commits. Rolls back when it throws; violated constraints that callers can cause become a DomainError (see
   * database-error.ts). Throws OVERLOADED, before anything has started, when no connection becomes free.
   */
  transaction<T>(
    accountId: string,
    work: (tx: Transaction) => Promise<T>,
    limits?: TransactionLimits,
  ): Promise<T>;
  /**
   * Runs a reading transaction over all accounts, in the worker role: it sees where and when work is due, not
   * its content. The work itself must run in a transaction of its account.
   */
  acrossAccounts<T>(read: (sql: Transaction['sql']) => Promise<T>): Promise<T>;
  /** Creates the account's row, once; an account exists from its first write on. */
  ensureAccount(accountId: string): Promise<void>;
  /** Calls the listener after each commit of this handle that wrote entries to the outbox. */
  onEntries(listener: () => void): void;
  /** Whether writes can succeed; rejects when the database cannot be asked. */
  acceptsWrites(): Promise<boolean>;
  /** How busy the connections are. */
  poolUse(): PoolUse;
  close(): Promise<void>;
}

/** Thrown by work that has its answer and must be rolled back. */
export class Rollback<T> {
  readonly answer: T;

  constructor(answer: T) {
    this.answer = answer;
  }
}

/** The key of transactions over all accounts, for their turns at waiting. */
const ALL_ACCOUNTS = '';

export interface DatabaseOptions extends ConnectionSlotLimits {
  /** Off for a proxy that gives each transaction another connection; default: on. */
  readonly preparedStatements?: boolean;
  /** Whether the tables are distributed by account over the nodes of a Citus cluster; default: one PostgreSQL has them. */
  readonly isDistributed?: boolean;
}

/**
 * Connects on first use. A text is a connection URL. Throws a ConfigError for an invalid or unsupported URL.
 */
export function openDatabase(at: string | ConnectionTarget, options: DatabaseOptions): Database {
  const target = typeof at === 'string' ? readConnectionTarget(at) : at;
  const pool = openPool(target, { most: options.connections, timeoutMs: options.connectionWaitMs });
  const hasOwnSessions = options.preparedStatements ?? true;
  const isDistributed = options.isDistributed ?? false;
  const nameOf = hasOwnSessions ? createStatementNames() : namesNothing;
  const orm = new MikroORM({
    driver: isDistributed ? RowInsertDriver : ColumnInsertDriver,
    dbName: target.database,
    entities: [
      AccountEntity,
      UserEntity,
      LiftEntity,
      ProgramEntity,
      ProgramLiftEntity,
      ProgressionEntity,
      ProgramProgressionEntity,
      EnrollmentEntity,
      EnrollmentOverrideEntity,
      EquipmentEntity,
      LiftMaxEntity,
      ProgressionLogEntity,
      LoggedSetEntity,
      FailureCounterEntity,
      ProgressionStateEntity,
      SecretEntity,
      StoredRequestEntity,
      OutboxEntryEntity,
      AuditEntryEntity,
      WorkflowEntity,
      WorkflowVersionEntity,
      WorkflowTriggerEntity,
      TriggerVersionEntity,
      TriggerActivityEntity,
      TriggerExecutionLogEntity,
      WorkflowEnrollmentEntity,
      ActionExecutionEntity,
      WorkflowHoldEntity,
      DeadLetterEntity,
      TimeCursorEntity,
      BackfillEntity,
      FieldDefinitionEntity,
      CustomEventTypeEntity,
    ],
    extensions: [Migrator],
    subscribers: [insertsAfterFlush],
    migrations: { migrationsList: MIGRATIONS, snapshot: false, silent: true },
    driverOptions: () => new PipelinedDialect(pool, { nameOf, sharesSessions: !hasOwnSessions }),
    // The database's constraints check required values, entities have no relations, and they are not read after the
    // flush.
    validateRequired: false,
    populateAfterFlush: false,
    propagationOnPrototype: false,
  });
  const connections = createConnectionSlots(options);
  const writes = createWriteCheck(orm, pool);
  const accounts = createKnownAccounts(async (accountId) => {
    const { rows } = await database.transaction(accountId, (tx) =>
      sql`insert into accounts (id) values (${accountId}) on conflict do nothing returning id`.execute(
        tx.sql,
      ),
    );
    return rows.length > 0;
  });
  const describe = describeTransaction(target);
  const listeners: (() => void)[] = [];
  const translate = (error: unknown) => {
    writes.observe(error);
    if (isStalePlan(error)) {
      renewConnections(pool);
    }
    return translateDatabaseError(error);
  };
  const database: Database = {
    orm,
    isDistributed,
    transaction: (accountId, work, limits = {}) => traced(describe, () => transact(accountId, work, limits)),
    acrossAccounts: (read) => traced(describe, () => readAcross(read)),
    ensureAccount: accounts.ensure,
    onEntries: (listener) => void listeners.push(listener),
    acceptsWrites: writes.acceptsWrites,
    poolUse: () => poolUseOf(pool, connections.waiting()),
    close: () => orm.close(),
  };
  return database;

  async function transact<T>(
    accountId: string,
    work: (tx: Transaction) => Promise<T>,
    limits: TransactionLimits,
  ): Promise<T> {
    const release = await connections.acquire(accountId, limits);
    try {
      return await inTransaction(async (em, noteEntries) => {
        const statements = await openStatements(em.getKysely());
        try {
          const tx: Transaction = { accountId, isDistributed, em, sql: statements, noteEntries };
          await enterAccount(tx, limits);
          return await work(tx);
        } finally {
          statements.close();
        }
      });
    } catch (error) {
      if (error instanceof Rollback) {
        return error.answer;
      }
      // A lost account is written in a transaction of its own, which needs the connection.
      release();
      throw translate(await accounts.explain(accountId, error));
    } finally {
      release();
    }
  }

  /**
   * Commits what `work` leaves in the unit of work. `em.transactional` would fork the entity manager once more, and give
   * it each entity after the flush.
   */
  async function inTransaction<T>(
    work: (em: EntityManager, noteEntries: () => void) => Promise<T>,
  ): Promise<T> {
    const em = orm.em.fork() as EntityManager;
    let hasEntries = false;
    const answer = await em.getConnection().transactional(async (transaction) => {
      em.setTransactionContext(transaction);
      const result = await work(em, () => {
        hasEntries = true;
      });
      await em.flush();
      return result;
    });
    for (const listener of hasEntries ? listeners : []) {
      listener();
    }
    return answer;
  }

  async function readAcross<T>(read: (sql: Transaction['sql']) => Promise<T>): Promise<T> {
    const release = await connections.acquire(ALL_ACCOUNTS, {});
    try {
      return await inTransaction(async (em) => {
        const transaction: Transaction['sql'] = em.getKysely();
        await enterWorker(transaction);
        return read(transaction);
      });
    } catch (error) {
      throw translate(error);
    } finally {
      release();
    }
  }
}
