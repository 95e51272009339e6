/** Who is called about: athletes on one program of rules, and workflows that follow from events and from the clock. */
import { v7 as uuidv7 } from 'uuid';
import { EnrollmentPolicy } from '../../src/gen/automation/v1/trigger_pb.ts';
import type { Database } from '../../src/store/database.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { addTag, createActiveWorkflow, createAutomationClient } from '../support/automation.ts';
import { type Athlete, createAthlete, createTeammate } from '../support/fixtures.ts';
import { cycle, deload, linear, stages } from '../support/rule-fixtures.ts';

/** Failures in a row after which the squat is deloaded. */
export const FAILURE_THRESHOLD = 2;
/** Stages of the bench press. */
export const STAGES = 3;
export const EMITTED_EVENT = 'custom.thanked';
/** Published events of this type start a workflow each. */
export const PUBLISHED_EVENT = 'payment_received';

/** What the checker and the clients have to know of an account. */
export interface TrainingAccount {
  readonly accountId: string;
  readonly userIds: readonly string[];
  readonly liftIds: Athlete['liftIds'];
  readonly deloadId: string;
  readonly stagesId: string;
  /** The rule that is also triggered by hand, of the lift that is also set by hand. */
  readonly pressRuleId: string;
}

export interface PopulationSize {
  readonly accounts: number;
  readonly athletesPerAccount: number;
  /** Triggers that fire once a minute, each for every athlete of an account apart. */
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
  await client.triggers.defineEventType({ name: EMITTED_EVENT, sample: {} });
  await createActiveWorkflow(client, {
    name: 'Thank',
    trigger: { triggerEvent: PUBLISHED_EVENT, settings: { policy: EnrollmentPolicy.MULTIPLE } },
    // What can be seen to have been done twice comes first: a process dies in its first step.
    actions: [{ action: { case: 'emitEvent', value: { type: EMITTED_EVENT } } }, addTag('paid')],
  });
  const [, deloadId = '', , stagesId = '', , , pressRuleId = ''] = progressionIds;
  return {
    accountId,
    userIds: all.map(({ userId }) => userId),
    liftIds,
    ...{ deloadId, stagesId, pressRuleId },
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
