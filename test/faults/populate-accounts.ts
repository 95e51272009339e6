/**
 * Creates the accounts of a campaign: athletes on one program, and workflows for events and time triggers.
 */
import { v7 as uuidv7 } from 'uuid';
import { EnrollmentPolicy } from '../../src/gen/automation/v1/trigger_pb.ts';
import type { Database } from '../../src/store/database.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { addTag, createActiveWorkflow, createAutomationClient } from '../support/automation.ts';
import { type Athlete, createAthlete, createTeammate } from '../support/fixtures.ts';
import { cycle, deload, linear, stages } from '../support/rule-fixtures.ts';

/** Consecutive failures after which the squat is deloaded. */
export const FAILURE_THRESHOLD = 2;
/** Number of stages of the bench press. */
export const STAGES = 3;
export const EMITTED_EVENT = 'custom.thanked';
/** Each published event of this type starts a workflow that emits another one. */
export const PUBLISHED_EVENT = 'payment_received';
/** Each published event of this type starts a workflow that emits WELCOMED_EVENT, and one that this event ends. */
export const INVITED_EVENT = 'custom.invited';
const WELCOMED_EVENT = 'custom.welcomed';
/** No caller publishes it. */
const AWAITED_EVENT = 'custom.answered';
/** Longer than a jump of a clock. */
const WAIT_DAYS = 390;

/** The ids of an account that clients and checks need. */
export interface TrainingAccount {
  readonly accountId: string;
  readonly userIds: readonly string[];
  readonly liftIds: Athlete['liftIds'];
  readonly deloadId: string;
  readonly stagesId: string;
  /** The workflow that emits EMITTED_EVENT. */
  readonly thankingId: string;
  /** The workflow whose runs wait until their goal ends them. */
  readonly remindingId: string;
  /** The workflow that an event of a workflow starts, so that the loop guard counts its runs. */
  readonly welcomingId: string;
  /** The rule that is also triggered manually, for the lift that is also set manually. */
  readonly pressRuleId: string;
}

export interface PopulationSize {
  readonly accounts: number;
  readonly athletesPerAccount: number;
  /** Number of triggers that fire once a minute for every athlete of a separate account. */
  readonly recurringTriggers: number;
}

const STARTING_MAXES = { squat: '140', bench: '100', deadlift: '160', press: '60' };
const CLOCKED_ATHLETES = 2;

export async function populate(database: Database, size: PopulationSize): Promise<TrainingAccount[]> {
  const accounts: TrainingAccount[] = [];
  while (accounts.length < size.accounts) {
    accounts.push(await createTrainingAccount(database, size.athletesPerAccount));
  }
  if (size.recurringTriggers > 0) {
    await createClockedAccount(database, size.recurringTriggers);
  }
  return accounts;
}

async function createTrainingAccount(database: Database, athletes: number): Promise<TrainingAccount> {
  const first = await createAthlete(database, {
    lifts: STARTING_MAXES,
    rules: [
      linear({ requireSuccess: true }, { liftSlug: 'squat' }),
      deload({ failureThreshold: FAILURE_THRESHOLD, resetOnDeload: true }, { liftSlug: 'squat' }),
      linear({}, { liftSlug: 'bench' }),
      stages({}, { liftSlug: 'bench' }),
      linear({ triggerType: 'AFTER_WEEK' }, { liftSlug: 'deadlift' }),
      cycle({}, { liftSlug: 'deadlift' }),
      linear({}, { liftSlug: 'press' }),
    ],
  });
  const all = [first];
  while (all.length < athletes) {
    all.push(await createTeammate(database, first, STARTING_MAXES));
  }
  const { accountId, liftIds, progressionIds } = first;
  const client = createAutomationClient(database, { accountId, clock: systemClock });
  for (const name of [EMITTED_EVENT, INVITED_EVENT, WELCOMED_EVENT, AWAITED_EVENT]) {
    await client.triggers.defineEventType({ name, sample: {} });
  }
  const everyTime = (triggerEvent: string) => ({
    ...{ triggerEvent, settings: { policy: EnrollmentPolicy.MULTIPLE } },
  });
  const emit = (type: string) => ({ action: { case: 'emitEvent' as const, value: { type } } });
  const { id: thankingId } = await createActiveWorkflow(client, {
    name: 'Thank',
    trigger: everyTime(PUBLISHED_EVENT),
    // The step whose repetition is visible comes first, because processes are killed in the first step.
    actions: [emit(EMITTED_EVENT), addTag('paid')],
  });
  await createActiveWorkflow(client, {
    ...{ name: 'Invite', trigger: everyTime(INVITED_EVENT), actions: [emit(WELCOMED_EVENT)] },
  });
  const timeout = { seconds: BigInt(WAIT_DAYS * 86_400) };
  const { id: remindingId } = await createActiveWorkflow(client, {
    ...{ name: 'Remind', trigger: everyTime(INVITED_EVENT), exits: [{ eventType: WELCOMED_EVENT }] },
    actions: [{ action: { case: 'waitForEvent', value: { eventType: AWAITED_EVENT, timeout } } }],
  });
  const { id: welcomingId } = await createActiveWorkflow(client, {
    ...{ name: 'Welcome', trigger: everyTime(WELCOMED_EVENT), actions: [addTag('welcomed')] },
  });
  const [, deloadId = '', , stagesId = '', , , pressRuleId = ''] = progressionIds;
  return {
    accountId,
    userIds: all.map(({ userId }) => userId),
    liftIds,
    ...{ deloadId, stagesId, pressRuleId, thankingId, remindingId, welcomingId },
  };
}

async function createClockedAccount(database: Database, triggers: number): Promise<void> {
  const accountId = uuidv7();
  const first = await createAthlete(database, { lifts: {}, accountId });
  for (let more = 1; more < CLOCKED_ATHLETES; more += 1) {
    await createTeammate(database, first);
  }
  const client = createAutomationClient(database, { accountId, clock: systemClock });
  for (let number = 1; number <= triggers; number += 1) {
    await createActiveWorkflow(client, {
      name: `Every minute ${number}`,
      trigger: {
        triggerEvent: 'recurring_schedule',
        settings: {
          policy: EnrollmentPolicy.MULTIPLE,
          time: {
            schedule: {
              case: 'recurringSchedule',
              value: { timeZone: 'UTC', recurrence: { case: 'cron', value: '* * * * *' } },
            },
          },
        },
      },
      actions: [addTag('clocked')],
    });
  }
}
