/** What the steps of a run have to work with, and what becomes of them. */
import type { Config, Limits } from '../../config/config.ts';
import type { Reason } from '../../errors/domain-error.ts';
import type { Action } from '../../gen/automation/v1/action_pb.ts';
import type { TriggerQueue } from '../../progression/engine/trigger-queue.ts';
import type { Change } from '../../store/change.ts';
import type { Database } from '../../store/database.ts';
import type { Cause } from '../../store/entities/outbox-entry.ts';
import type { Clock, Instant } from '../../values/instant.ts';
import type { WebhookAnswer, WebhookPort } from './webhook-port.ts';

export type ActionCase = NonNullable<Action['action']['case']>;

/** What the action's message says. */
export type ActionValue<C extends ActionCase> = Extract<Action['action'], { case: C }>['value'];

/** Which step of which run it is, and for whom. */
export interface Step {
  readonly accountId: string;
  readonly enrollmentId: string;
  readonly workflowId: string;
  /** From 0. */
  readonly step: number;
  readonly userId: string;
  /** The athlete's and the account's, the first that is one counts. */
  readonly timeZones: readonly (string | null)[];
  /** What the facts of the run follow from. */
  readonly cause: Cause;
  /** What started the run: id, type, occurred_at, data, previous; null for a backfill. */
  readonly event: Record<string, unknown> | null;
  /** When the run came to this step: the same for each try. */
  readonly reachedAt: Instant;
}

/** Why a step failed: a refusal of the domain, or one of these. */
export type StepReason =
  | Reason
  | Exclude<WebhookAnswer, { kind: 'ACCEPTED' }>['reason']
  /** The program says nothing of its unit, so nothing can be converted to it. */
  | 'UNIT_UNKNOWN'
  /** Every try ended with the process that made it. */
  | 'STEP_ABANDONED';

/** How a step ends that does not fail. */
export type StepEnd = 'DONE' | 'NO_CHANGE';

/** Thrown by a step that can go no further, for a reason that no call is ever refused for. */
export class StepRefusal extends Error {
  override readonly name = 'StepRefusal';
  readonly reason: StepReason;

  constructor(reason: StepReason) {
    super(reason);
    this.reason = reason;
  }
}

/** What steps that need more than a transaction go through. */
export interface CallDeps {
  readonly limits: Limits;
  readonly queue: TriggerQueue;
  readonly webhooks: WebhookPort;
}

/** How a call ends that could be made. */
export type CallEnd = StepEnd | { readonly tryAgain: StepReason };

/** How an action is carried out. */
export type ActionType<C extends ActionCase> =
  /** By changes that commit together with the record of the step. Refusals are thrown. */
  | {
      readonly kind: 'CHANGE';
      run(change: Change, step: Step, action: ActionValue<C>, limits: Limits): Promise<StepEnd>;
    }
  /** By letting time pass, until this instant. */
  | { readonly kind: 'WAIT'; until(action: ActionValue<C>, step: Step, now: Instant): Instant }
  /** By a call that holds no transaction, and does no more when made again. Refusals are thrown. */
  | {
      readonly kind: 'CALL';
      call(deps: CallDeps, step: Step, action: ActionValue<C>, now: Instant): Promise<CallEnd>;
    };

/** Who the audit trail names. */
export function actorOf({ workflowId }: Pick<Step, 'workflowId'>): string {
  return `workflow:${workflowId}`;
}

/** The reason that is written beside what the step changes. */
export function describeStep({ workflowId, step }: Pick<Step, 'workflowId' | 'step'>): string {
  return `step ${step} of workflow ${workflowId}`;
}

export interface ActionRunnerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly config: Config;
  /** The process's one queue of events for the engine. */
  readonly queue: TriggerQueue;
  readonly webhooks: WebhookPort;
  /** Told of everything after which a step is tried again, defects among it. */
  readonly reportError: (error: unknown) => void;
}
