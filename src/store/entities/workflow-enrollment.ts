/** Table workflow_enrollments: runs of workflows, each for one athlete. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';
import type { Cause } from './outbox-entry.ts';

export const WorkflowEnrollmentEntity = defineEntity({
  name: 'WorkflowEnrollment',
  tableName: 'workflow_enrollments',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    workflowId: p.uuid(),
    workflowVersion: p.integer(),
    triggerId: p.uuid(),
    triggerVersion: p.integer(),
    userId: p.uuid(),
    /** Null for a backfill. */
    eventId: p.uuid().nullable(),
    /** The event that started it: type, occurred_at, data, previous. */
    event: p.json().$type<Record<string, unknown>>(),
    /** The cause of the facts of its steps. */
    cause: p.json().$type<Cause>(),
    /** TRIGGERED, ACTIVE, QUEUED, PAUSED, COMPLETED, FAILED, CANCELLED or EXITED. */
    state: p.text(),
    /** From 0. */
    nextStep: p.integer(),
    /** Failed attempts of the next step. */
    attempts: p.integer(),
    /** Null once it has ended, and while it is paused. */
    dueAt: p.type(InstantColumn).$type<bigint>().nullable(),
    /** When the next step was due, while the run is paused. */
    pausedDueAt: p.type(InstantColumn).$type<bigint>().nullable(),
    /** The event’s time. */
    enrolledAt: p.type(InstantColumn).$type<bigint>(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
    endedAt: p.type(InstantColumn).$type<bigint>().nullable(),
    endedReason: p.text().nullable(),
    /** The types of events that end the run or its wait; null: none. Stays when the run has ended. */
    listensTo: p.json().$type<string[]>().nullable(),
    /** The event that ended the wait of the next step, until the step is recorded. */
    received: p.json().$type<Record<string, unknown>>().nullable(),
  },
});

export type WorkflowEnrollment = InferEntity<typeof WorkflowEnrollmentEntity>;
