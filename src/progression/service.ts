/** ProgressionService on the wire: each method goes to the file of its name. */
import type { DescMessage, DescMethod, MessageShape } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { callContextOf, markReplayed } from '../calls/call-context.ts';
import { createCalls, type ServiceDeps } from '../calls/calls.ts';
import { ProgressionService } from '../gen/progression/v1/progression_service_pb.ts';
import { batchHandleTriggers } from './batch-handle-triggers.ts';
import { correctSets } from './correct-sets.ts';
import { failureCounterMessage, liftMaxMessage, progressionLogMessage } from './engine/lift-max-message.ts';
import { createProgramLoader, type ProgramLoader } from './engine/load-program.ts';
import { submitTrigger, type TriggerMethod } from './engine/submit-trigger.ts';
import { createTriggerQueue, type LimitedQueue } from './engine/trigger-queue.ts';
import type { TriggerQueueObserver } from './engine/trigger-queue-observer.ts';
import { createUnitOfWork } from './engine/unit-of-work.ts';
import { getFailureCounter, listFailureCounters, resetFailureCounter } from './failure-counters.ts';
import { getEventOutcome } from './get-event-outcome.ts';
import { handleCycleComplete } from './handle-cycle-complete.ts';
import { handleSessionComplete } from './handle-session-complete.ts';
import { handleWeekAdvance } from './handle-week-advance.ts';
import { createImport } from './import-training-log.ts';
import { getLiftMax, listLiftMaxVersions } from './lift-maxes.ts';
import { listLiftMaxes } from './list-lift-maxes.ts';
import { listLoggedSets } from './list-logged-sets.ts';
import { listProgressionLogs } from './list-progression-logs.ts';
import { completedSessionMessage, listSessions } from './list-sessions.ts';
import { listSetCorrections, recordedCorrectionMessage } from './list-set-corrections.ts';
import { loggedSetMessage, logSets } from './log-sets.ts';
import { prescribeSession } from './prescribe-session.ts';
import { prescribeWeeks } from './prescribe-weeks.ts';
import { getProgressionState, listProgressionStates, setProgressionState } from './progression-states.ts';
import { revertEvent } from './revert-event.ts';
import { revertLiftMax } from './revert-lift-max.ts';
import { revertProgression } from './revert-progression.ts';
import { setLiftMax } from './set-lift-max.ts';
import { setLiftMaxes } from './set-lift-maxes.ts';
import { simulateProgressions } from './simulate-progressions.ts';
import { triggerProgression } from './trigger-progression.ts';

/** The methods whose calls are an event each, and wait for the engine as such. */
export const QUEUED_METHODS: ReadonlySet<DescMethod> = new Set(
  [handleSessionComplete, handleWeekAdvance, handleCycleComplete, logSets, triggerProgression].map(
    ({ method }) => method,
  ),
);

export interface EngineDeps extends ServiceDeps {
  /** Observes the transactions that events share. */
  readonly queueObserver?: TriggerQueueObserver | undefined;
}

/** The engine of a process: its trigger queue and its cache of programs. */
export interface Engine {
  readonly queue: LimitedQueue;
  readonly programs: ProgramLoader;
}

/** One for each process: events share transactions and limits only within one queue. */
export function createEngine({ database, clock, config, queueObserver }: EngineDeps): Engine {
  const { limits } = config;
  const programs = createProgramLoader(limits.keptPrograms);
  const unitOfWork = createUnitOfWork(database, programs, clock);
  return { programs, queue: createTriggerQueue(unitOfWork, limits, queueObserver) };
}

export interface ProgressionDeps extends EngineDeps {
  /** Told of the errors that a batch answers; logs the ones that are defects. */
  readonly reportError: (error: unknown) => void;
}

/** The contract of each method is in progression_service.proto. The engine is the process's; absent: one of its own. */
export function createProgressionService(
  deps: ProgressionDeps,
  { queue, programs }: Engine = createEngine(deps),
): ServiceImpl<typeof ProgressionService> {
  const { clock, config, reportError } = deps;
  const { limits } = config;
  const { method } = ProgressionService;
  const { read, write, writeOrValidate } = createCalls(deps);

  const triggered = <I extends DescMessage, O extends DescMessage>(trigger: TriggerMethod<I, O>) => {
    return async (request: MessageShape<I>, context: HandlerContext): Promise<MessageShape<O>> => {
      const answer = await submitTrigger(queue, limits, trigger, request, callContextOf(context));
      if (answer.isReplayed) {
        markReplayed(context);
      }
      return answer.response;
    };
  };

  const importLog = createImport({ database: deps.database, queue, limits });

  return {
    handleSessionComplete: triggered(handleSessionComplete),
    handleWeekAdvance: triggered(handleWeekAdvance),
    handleCycleComplete: triggered(handleCycleComplete),
    logSets: triggered(logSets),
    triggerProgression: triggered(triggerProgression),
    batchHandleTriggers: (request, context) =>
      batchHandleTriggers({ queue, limits, reportError }, request, callContextOf(context)),
    importTrainingLog: (request, context) => importLog(callContextOf(context), request),

    getEventOutcome: (request, context) => read(context, (tx) => getEventOutcome(tx, request)),
    listLoggedSets: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listLoggedSets(tx, request, limits.defaultPageSize);
        const sets = rows.map(({ sessionId, set }) =>
          loggedSetMessage(sessionId, { set, isAlreadyLogged: false }),
        );
        return { sets, ...page };
      }),
    listSessions: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listSessions(tx, request, limits.defaultPageSize);
        return { sessions: rows.map(completedSessionMessage), ...page };
      }),
    listProgressionLogs: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listProgressionLogs(tx, request, limits.defaultPageSize);
        return { logs: rows.map(progressionLogMessage), ...page };
      }),
    getLiftMax: (request, context) =>
      read(context, async (tx) => ({ liftMax: liftMaxMessage(await getLiftMax(tx, request)) })),
    listLiftMaxes: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listLiftMaxes(tx, request, limits.defaultPageSize);
        return { liftMaxes: rows.map(liftMaxMessage), ...page };
      }),
    listLiftMaxVersions: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listLiftMaxVersions(tx, request, limits.defaultPageSize);
        return { liftMaxes: rows.map(liftMaxMessage), ...page };
      }),
    setLiftMax: (request, context) =>
      write(method.setLiftMax, request, context, async (change) => ({
        liftMax: liftMaxMessage(await setLiftMax(change, request)),
      })),
    revertLiftMax: (request, context) =>
      write(method.revertLiftMax, request, context, async (change) => {
        const { liftMax, failureCounters } = await revertLiftMax(change, request);
        return {
          liftMax: liftMaxMessage(liftMax),
          failureCounters: failureCounters.map((row) => failureCounterMessage(request.userId, row)),
        };
      }),
    setLiftMaxes: (request, context) =>
      write(method.setLiftMaxes, request, context, (change) => setLiftMaxes(change, request)),

    getFailureCounter: (request, context) =>
      read(context, async (tx) => ({
        failureCounter: failureCounterMessage(request.userId, await getFailureCounter(tx, request)),
      })),
    listFailureCounters: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listFailureCounters(tx, request, limits.defaultPageSize);
        return { failureCounters: rows.map((row) => failureCounterMessage(request.userId, row)), ...page };
      }),
    resetFailureCounter: (request, context) =>
      write(method.resetFailureCounter, request, context, async (change) => ({
        failureCounter: failureCounterMessage(request.userId, await resetFailureCounter(change, request)),
      })),
    getProgressionState: (request, context) =>
      read(context, async (tx) => ({ progressionState: await getProgressionState(tx, request) })),
    listProgressionStates: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listProgressionStates(tx, request, limits.defaultPageSize);
        return { progressionStates: rows, ...page };
      }),
    setProgressionState: (request, context) =>
      write(method.setProgressionState, request, context, async (change) => ({
        progressionState: await setProgressionState(change, request),
      })),
    revertProgression: (request, context) =>
      write(method.revertProgression, request, context, async (change) => {
        const { log, liftMax } = await revertProgression(change, request);
        return { log: progressionLogMessage(log), liftMax: liftMaxMessage(liftMax) };
      }),
    revertEvent: (request, context) =>
      writeOrValidate(method.revertEvent, request, context, (change) =>
        revertEvent(change, request, programs),
      ),
    correctSets: (request, context) =>
      writeOrValidate(method.correctSets, request, context, (change) =>
        correctSets(change, request, programs, limits),
      ),
    listSetCorrections: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listSetCorrections(tx, request, limits.defaultPageSize);
        return { corrections: rows.map(recordedCorrectionMessage), ...page };
      }),
    prescribeSession: (request, context) => read(context, (tx) => prescribeSession(tx, request, programs)),
    prescribeWeeks: (request, context) =>
      read(context, (tx) => prescribeWeeks(tx, request, programs, clock())),
    simulateProgressions: (request, context) =>
      read(context, (tx) => simulateProgressions(tx, request, programs, limits.simulatedWeeks, clock())),
  };
}
