/** Runs the two kinds of calls: writes, once per request ID, and reads. */
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  getOption,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import type { Config } from '../config/config.ts';
import { tolerates_lag as toleratesLag } from '../gen/progression/v1/access_pb.ts';
import type { Change } from '../store/change.ts';
import { type Database, Rollback, type Transaction } from '../store/database.ts';
import type { Standby } from '../store/standby.ts';
import type { Clock } from '../values/instant.ts';
import { callContextOf } from './call-context.ts';
import { once } from './once.ts';

/** The dependencies that every service has. */
export interface ServiceDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly config: Config;
  /** Absent: the primary answers every read. */
  readonly standby?: Standby | undefined;
}

export interface Calls {
  /**
   * Runs a write in one transaction and answers with its result; a repeated request ID gets the stored
   * answer.
   */
  write<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    context: HandlerContext,
    work: (change: Change) => Promise<MessageInitShape<O>>,
  ): Promise<MessageShape<O>>;
  /** The same, or with `validate_only` the result alone: nothing that the work wrote stays, but the account's row. */
  writeOrValidate<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I> & { readonly validateOnly: boolean },
    context: HandlerContext,
    work: (change: Change) => Promise<MessageInitShape<O>>,
  ): Promise<MessageShape<O>>;
  /** Runs a write whose result alone is wanted: nothing that it wrote stays. */
  rehearse<O extends DescMessage>(
    output: O,
    context: HandlerContext,
    work: (tx: Transaction) => Promise<MessageInitShape<O>>,
  ): Promise<MessageShape<O>>;
  /** Runs a read in a transaction of the caller's account, on the standby if the method tolerates lag. */
  read<T>(context: HandlerContext, work: (tx: Transaction) => Promise<T>): Promise<T>;
}

export function createCalls({ database, clock, standby }: ServiceDeps): Calls {
  const write: Calls['write'] = (method, request, context, work) =>
    once(database, context, method, request, async (tx) =>
      create(method.output, await work(changeOf(tx, context))),
    );

  function changeOf(tx: Transaction, context: HandlerContext): Change {
    const { actor, actorKind } = callContextOf(context);
    return { tx, now: clock(), actor, origin: { actor: actorKind, cause: null } };
  }

  const rehearse: Calls['rehearse'] = (output, context, work) => {
    const { accountId, deadlineAtMs, signal } = callContextOf(context);
    const rehearsed = async (tx: Transaction) => {
      const answer = create(output, await work(tx));
      await tx.em.flush();
      throw new Rollback(answer);
    };
    return database.transaction<MessageShape<typeof output>>(accountId, rehearsed, { deadlineAtMs, signal });
  };

  return {
    write,
    async writeOrValidate(method, request, context, work) {
      if (!request.validateOnly) {
        return write(method, request, context, work);
      }
      // What is written for the validation refers to it.
      await database.ensureAccount(callContextOf(context).accountId);
      return rehearse(method.output, context, (tx) => work(changeOf(tx, context)));
    },
    rehearse,
    read(context, work) {
      const { accountId, deadlineAtMs, signal } = callContextOf(context);
      const source = standby && getOption(context.method, toleratesLag) ? standby : database;
      return source.transaction(accountId, work, { deadlineAtMs, signal });
    },
  };
}
