/** The engine of a process: its trigger queue and its cache of programs. */
import type { ServiceDeps } from '../../calls/calls.ts';
import { createProgramLoader, type ProgramLoader } from './load-program.ts';
import { createTriggerQueue, type LimitedQueue } from './trigger-queue.ts';
import type { TriggerQueueObserver } from './trigger-queue-observer.ts';
import { createUnitOfWork } from './unit-of-work.ts';

export interface EngineDeps extends ServiceDeps {
  /** Observes the transactions that events share. */
  readonly queueObserver?: TriggerQueueObserver | undefined;
}

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
