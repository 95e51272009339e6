/** Sends one step of a replay as the call that the schedule service would make. */
import { MaxType, SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import type {
  PrescribedSet,
  ProgressionResult,
  TriggerOutcome,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import { heaviestWorkSets, type PlannedSet } from '../../src/training-logs/session-steps.ts';
import { instantToTimestamp } from '../../src/values/instant.ts';
import type { ReplayedAthlete, ReplayPlan, ReplayStep } from './replay-plan.ts';
import { type ServiceClients, write } from './service-clients.ts';

/** The result of a step, now or from the first time. */
export interface StepAnswer {
  /** The service knew the step: nothing changed this time. */
  readonly isReplayed: boolean;
  readonly results: readonly ProgressionResult[];
  /** The lift of each set below its target. */
  readonly missedLiftIds: readonly string[];
  /** Of a completed session, by lift: the heaviest load of the work sets that were prescribed for it. */
  readonly prescribed: ReadonlyMap<string, string>;
}

/** The step at `index` of the plan. Throws ConnectError. */
export async function sendStep(
  clients: ServiceClients,
  plan: ReplayPlan,
  athlete: ReplayedAthlete,
  programId: string,
  index: number,
): Promise<StepAnswer> {
  const step = plan.steps[index];
  const requestId = athlete.requestId(index);
  const { userId } = athlete;
  if (!step) {
    throw new RangeError(`the plan has no step ${index}`);
  }
  switch (step.type) {
    case 'ATHLETE': {
      const name = `Replay ${athlete.fingerprint.slice(0, 12)}`;
      return changedNothing(
        await write(requestId, (options) => clients.users.createUser({ userId, name }, options)),
      );
    }
    case 'ENROLLMENT':
      return changedNothing(
        await write(requestId, (options) => clients.programs.enrollUser({ userId, programId }, options)),
      );
    case 'STARTING_MAX':
      return changedNothing(
        await write(requestId, (options) => {
          const { liftId, value } = step;
          const max = { userId, liftId, value, maxType: MaxType.TRAINING_MAX };
          return clients.progression.setLiftMax({ ...max, reason: 'the start of a replayed log' }, options);
        }),
      );
    default:
      return sendEvent(clients, athlete, step, requestId);
  }
}

type ReplayEvent = Extract<ReplayStep, { readonly at: bigint }>;

async function sendEvent(
  { progression }: ServiceClients,
  athlete: ReplayedAthlete,
  step: ReplayEvent,
  requestId: string,
): Promise<StepAnswer> {
  const event = { userId: athlete.userId, occurredAt: instantToTimestamp(step.at) };
  switch (step.type) {
    case 'SETS': {
      const request = {
        ...event,
        sessionId: athlete.sessionId(step.session),
        sets: step.sets.map(performedSet),
      };
      const { answer, isReplayed } = await write(requestId, (options) =>
        progression.logSets(request, options),
      );
      const missedLiftIds = answer.sets.filter(({ failed }) => failed).map(({ liftId }) => liftId);
      return { isReplayed, results: answer.outcome?.results ?? [], missedLiftIds, prescribed: NONE };
    }
    case 'SESSION': {
      const { session, daySlug, week: weekNumber, liftIds } = step;
      const finished = {
        sessionId: athlete.sessionId(session),
        daySlug,
        weekNumber,
        liftsPerformed: [...liftIds],
      };
      const request = { ...event, session: finished };
      const outcome = outcomeOf(
        await write(requestId, (options) => progression.handleSessionComplete(request, options)),
      );
      const { userId } = athlete;
      const before = await progression.prescribeSession({ userId, beforeSessionId: finished.sessionId });
      return { ...outcome, prescribed: heaviestLoads(before.sets) };
    }
    case 'WEEK': {
      const { week: previousWeek, newWeek, cycle: cycleIteration } = step;
      const request = { ...event, week: { previousWeek, newWeek, cycleIteration } };
      return outcomeOf(await write(requestId, (options) => progression.handleWeekAdvance(request, options)));
    }
    case 'CYCLE': {
      const { cycle: completedCycle, weeks: totalWeeks } = step;
      const request = { ...event, cycle: { completedCycle, newCycle: completedCycle + 1, totalWeeks } };
      return outcomeOf(
        await write(requestId, (options) => progression.handleCycleComplete(request, options)),
      );
    }
  }
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Sets by feel, and sets whose load cannot be told, have none. */
function heaviestLoads(sets: readonly PrescribedSet[]): Map<string, string> {
  const loaded = sets.filter(({ kind, load }) => kind !== SetKind.WARM_UP && load !== '');
  return heaviestWorkSets(loaded.map(({ liftId, load }) => ({ liftId, kind: 'WORK', weight: load })));
}

const SET_KINDS = { WARM_UP: SetKind.WARM_UP, WORK: SetKind.WORK, AMRAP: SetKind.AMRAP } as const;

function performedSet({ liftId, setNumber, kind, weight, targetReps, reps, rpe }: PlannedSet) {
  const set = { liftId, setNumber, kind: SET_KINDS[kind], weight, targetReps, repsPerformed: reps };
  return { ...set, rpe: rpe ?? undefined };
}

function changedNothing({ isReplayed }: { isReplayed: boolean }): StepAnswer {
  return { isReplayed, results: [], missedLiftIds: [], prescribed: NONE };
}

function outcomeOf(written: { answer: { outcome?: TriggerOutcome }; isReplayed: boolean }): StepAnswer {
  return {
    isReplayed: written.isReplayed,
    results: written.answer.outcome?.results ?? [],
    missedLiftIds: [],
    prescribed: NONE,
  };
}
