/** Follows a replay step by step: what the program prescribed for each session, and what the athlete lifted. */
import { Decimal } from 'decimal.js';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { heaviestWorkSets } from '../../src/training-logs/session-steps.ts';
import type { Instant } from '../../src/values/instant.ts';
import type { ReplayStep } from './replay-plan.ts';
import type { StepAnswer } from './send-step.ts';

/** One session of one lift. */
export interface SteeredSession {
  readonly at: Instant;
  /** Its position in the log, from 0. */
  readonly session: number;
  /** The heaviest load of the prescribed work sets; null: the program prescribes none for the day. */
  prescribed: Decimal | null;
  /** The heaviest work set. */
  lifted: Decimal;
  /** A set was below its target. */
  isMissed: boolean;
  /** The service reduced the weight because of it. */
  isDeloaded: boolean;
}

export interface SteeredLift {
  readonly liftId: string;
  readonly start: Decimal;
  readonly sessions: SteeredSession[];
  sets: number;
  /** Sets below their target. */
  misses: number;
  deloads: number;
  /** The training max after the latest step. */
  current: Decimal;
}

export interface Steering {
  /** Receives the steps in order, each with its answer. */
  take(step: ReplayStep, answer: StepAnswer): void;
  /** In the order in which they were first trained. */
  lifts(): readonly SteeredLift[];
}

export function createSteering(): Steering {
  const lifts = new Map<string, SteeredLift>();

  function begin(step: Extract<ReplayStep, { type: 'SETS' }>): void {
    for (const [liftId, weight] of heaviestWorkSets(step.sets)) {
      const lift = lifts.get(liftId);
      if (!lift) {
        continue;
      }
      const { at, session } = step;
      const lifted = new Decimal(weight);
      const last = lift.sessions.at(-1);
      lift.sets += step.sets.filter((set) => set.liftId === liftId && set.kind !== 'WARM_UP').length;
      if (last?.session === session) {
        last.lifted = Decimal.max(last.lifted, lifted);
      } else {
        lift.sessions.push({ at, session, prescribed: null, lifted, isMissed: false, isDeloaded: false });
      }
    }
  }

  function compare(session: number, prescribed: StepAnswer['prescribed']): void {
    for (const [liftId, load] of prescribed) {
      const last = lifts.get(liftId)?.sessions.at(-1);
      if (last?.session === session) {
        last.prescribed = new Decimal(load);
      }
    }
  }

  function apply({ results, missedLiftIds }: StepAnswer): void {
    for (const liftId of missedLiftIds) {
      const lift = lifts.get(liftId);
      const session = lift?.sessions.at(-1);
      if (lift && session) {
        lift.misses += 1;
        session.isMissed = true;
      }
    }
    for (const { liftId, maxType, applied, newValue } of results) {
      const lift = lifts.get(liftId);
      const session = lift?.sessions.at(-1);
      if (!lift || !session || !applied || maxType !== MaxType.TRAINING_MAX) {
        continue;
      }
      const value = new Decimal(newValue);
      if (value.lt(lift.current)) {
        lift.deloads += 1;
        session.isDeloaded = true;
      }
      lift.current = value;
    }
  }

  return {
    take(step, answer) {
      if (step.type === 'STARTING_MAX') {
        const start = new Decimal(step.value);
        const counts = { sets: 0, misses: 0, deloads: 0 };
        lifts.set(step.liftId, { liftId: step.liftId, start, current: start, sessions: [], ...counts });
      }
      if (step.type === 'SETS') {
        begin(step);
      }
      if (step.type === 'SESSION') {
        compare(step.session, answer.prescribed);
      }
      apply(answer);
    },
    lifts: () => [...lifts.values()],
  };
}
