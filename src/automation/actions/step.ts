/**
 * Workflow steps: their types, inputs and results, the names of actions, the idempotency key of a step, and
 * the dependencies of the runner.
 */

import { v5 as uuidv5 } from 'uuid';
import type { Config, Limits } from '../../config/config.ts';
import type { Reason } from '../../errors/domain-error.ts';
import type { JsonObject, JsonValue } from '../../filters/filter.ts';
import { type Action, ActionSchema } from '../../gen/automation/v1/action_pb.ts';
import type { TriggerQueue } from '../../progression/engine/trigger-queue.ts';
import type { Change } from '../../store/change.ts';
import type { Database, Transaction } from '../../store/database.ts';
import type { Cause } from '../../store/entities/outbox-entry.ts';
import type { Clock, Instant } from '../../values/instant.ts';
import type { StepChange } from './step-changes.ts';
import type { WebhookAnswer, WebhookPort } from './webhook-port.ts';

export type ActionCase = NonNullable<Action['action']['case']>;

/** The action's message. */
export type ActionValue<C extends ActionCase> = Extract<Action['action'], { case: C }>['value'];

/** Identifies a step of a run, and the athlete that it acts on. */
export interface Step {
  readonly accountId: string;
  readonly enrollmentId: string;
  readonly workflowId: string;
  /** The number of the step; see Action in the contract. */
  readonly step: number;
  /** For example `actions[1].branch.then[0]`. */
  readonly path: string;
  /** The name that its author gave it; empty: none. */
  readonly name: string;
  readonly userId: string;
  /** The athlete's and the account's time zones; the first that is set counts. */
  readonly timeZones: readonly (string | null)[];
  /** The cause of the events that the step emits. */
  readonly cause: Cause;
  /** The event that started the run: id, type, occurred_at, data, previous; null for a backfill. */
  readonly event: Record<string, unknown> | null;
  /** When the run reached this step; the same for each attempt. */
  readonly reachedAt: Instant;
}

/** Why a step failed: a reason of the domain, or one of these. */
export type StepReason =
  | Reason
  | Exclude<WebhookAnswer, { kind: 'ACCEPTED' }>['reason']
  /** The filter of the step is damaged, or names a field that no longer exists. */
  | 'FILTER_UNREADABLE'
  /** The program has no unit, so nothing can be converted to it. */
  | 'UNIT_UNKNOWN'
  /** The account has no such secret, or the server no key that decrypts it. */
  | 'SECRET_MISSING'
  /** A template names what is missing, or goes beyond a limit. */
  | 'TEMPLATE_FAILED'
  /** A secret that signs is none of Standard Webhooks. */
  | 'SECRET_INVALID'
  /** The step waits for business hours. */
  | 'OUTSIDE_BUSINESS_HOURS'
  /** Each attempt ended with the process that made it. */
  | 'STEP_ABANDONED';

/** The result of a step that did not fail. */
export type StepEnd = 'DONE' | 'NO_CHANGE';

/** Thrown by a step that cannot continue, for a reason that no RPC has. */
export class StepRefusal extends Error {
  override readonly name = 'StepRefusal';
  readonly reason: StepReason;
  /** What failed and why, for the author of the workflow: without secrets and without what is known of the athlete. */
  readonly detail: string;

  constructor(reason: StepReason, detail: string) {
    super(reason);
    this.reason = reason;
    this.detail = detail;
  }
}

/** The dependencies of steps that need more than a transaction. */
export interface CallDeps {
  readonly limits: Limits;
  readonly queue: TriggerQueue;
  readonly webhooks: WebhookPort;
  /** The secrets that the action names, by name; one that the account does not have is missing. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** The result of a completed call. */
export type CallEnd =
  | StepEnd
  | { readonly answer: WebhookResult }
  | { readonly changes: readonly StepChange[] }
  /** See StepRefusal. */
  | { readonly tryAgain: StepReason; readonly detail?: string | undefined };

/** What a webhook's receiver answered, for later steps. */
export interface WebhookResult {
  readonly status: number;
  /** null: it was no JSON, or too large. */
  readonly body: JsonValue;
}

/** What a step reads to choose one of its lists. */
export interface ChoiceDeps {
  readonly tx: Transaction;
  readonly now: Instant;
  /** The event of the run's trigger. */
  readonly triggerEvent: string;
  /** The results of earlier steps that have a name, by name. */
  results(): Promise<JsonObject>;
}

/** How an action is executed. */
export type ActionType<C extends ActionCase> =
  /** By changes that commit together with the record of the step. Refusals are thrown. */
  | {
      readonly kind: 'CHANGE';
      run(change: Change, step: Step, action: ActionValue<C>, limits: Limits): Promise<StepEnd>;
    }
  /** By choosing one of the step's own lists, whose name it returns. Writes nothing. Refusals are thrown. */
  | {
      readonly kind: 'CHOICE';
      choose(deps: ChoiceDeps, step: Step, action: ActionValue<C>): Promise<string>;
    }
  /** By waiting for an event, at most until this instant; see wait-for-event.ts. */
  | { readonly kind: 'LISTEN'; until(action: ActionValue<C>, now: Instant): Instant }
  /** By waiting until this instant. */
  | { readonly kind: 'WAIT'; until(action: ActionValue<C>, step: Step, now: Instant): Instant }
  /** By an idempotent call outside of any transaction. Refusals are thrown. */
  | {
      readonly kind: 'CALL';
      call(deps: CallDeps, step: Step, action: ActionValue<C>, now: Instant): Promise<CallEnd>;
    };

/** The actor in the audit trail. */
export function actorOf({ workflowId }: Pick<Step, 'workflowId'>): string {
  return `workflow:${workflowId}`;
}

/** The reason in the audit trail and on lift maxes. */
export function describeStep({ workflowId, step }: Pick<Step, 'workflowId' | 'step'>): string {
  return `step ${step} of workflow ${workflowId}`;
}

export interface ActionRunnerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly config: Config;
  /** The trigger queue of the process. */
  readonly queue: TriggerQueue;
  readonly webhooks: WebhookPort;
  /** Called with every error after which a step is retried, defects included. */
  readonly reportError: (error: unknown) => void;
}

/** The action's field name in the contract, such as `add_tag`. The action must be valid. */
export function actionName({ action }: Action): string {
  if (!action.case) {
    throw new TypeError('an action without a kind');
  }
  return ActionSchema.field[action.case].name;
}

/** The same for a stored action; empty for an invalid one. */
export function storedActionName(stored: unknown): string {
  return fieldOfStored(stored)?.name ?? '';
}

/** The case of a stored action, and its value as JSON; an empty case for an invalid one. */
export function storedKind(stored: unknown): { readonly kind: string; readonly value: unknown } {
  const field = fieldOfStored(stored);
  return field
    ? { kind: field.localName, value: (stored as Record<string, unknown>)[field.jsonName] }
    : { kind: '', value: undefined };
}

function fieldOfStored(stored: unknown) {
  const keys = typeof stored === 'object' && stored !== null ? Object.keys(stored) : [];
  return ActionSchema.fields.find(({ oneof, jsonName }) => oneof && keys.includes(jsonName));
}

/** The attribute's own name: `level` for `custom.level`. */
export function attributeNameOf(field: string): string {
  return field.replace(/^custom\./, '');
}

const NAMESPACE = 'e3f1d6a2-2c0b-4f58-9d5e-64a0c1b7f9d8';

/** The idempotency key of a step: the same UUID for each attempt. */
export function stepId({ enrollmentId, step }: { enrollmentId: string; step: number }): string {
  return uuidv5(`${enrollmentId}:${step}`, NAMESPACE);
}
