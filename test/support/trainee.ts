/**
 * An athlete who trains through the RPCs, in a short text form: sessions, weeks, cycles, and the result of each rule.
 */
import type { CallOptions } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { enumName } from '../../src/calls/enum-name.ts';
import { MaxType, SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import {
  ResultReasonSchema,
  type TriggerOutcome,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import type { Database } from '../../src/store/database.ts';
import { type Instant, instantToTimestamp } from '../../src/values/instant.ts';
import { type Athlete, type AthleteFixture, createAthlete } from './fixtures.ts';
import { type ClientOptions, createProgressionClient, type ProgressionClient } from './progression-client.ts';

/** Options of an event. */
export interface EventOptions {
  readonly at?: Instant;
  readonly validateOnly?: boolean;
  readonly call?: CallOptions;
}

export interface Trainee {
  readonly athlete: Athlete;
  readonly client: ProgressionClient;
  startSession(sessionId?: string): TrainingSession;
  /** Logs sets and completes the session with the lifts in them: `squat 5/5 3/5, bench 8/5+`. */
  train(sets: string): Promise<string[]>;
  advanceWeek(previousWeek: number, options?: EventOptions & { newWeek?: number; cycle?: number }): Answer;
  completeCycle(completedCycle: number, totalWeeks: number, options?: EventOptions): Answer;
  /** Triggers the rule with this index in the fixture by hand. */
  ask(
    rule: number,
    options?: { lift?: string; force?: boolean; reason?: string; call?: CallOptions },
  ): Answer;
  /** `rule lift 100 → 105`, or `rule lift REASON`; stage rules also say the stage. */
  linesOf(answer: { outcome?: TriggerOutcome }): string[];
  liftId(slug: string): string;
  /** The current max; undefined when there is none. */
  max(slug: string, maxType?: MaxType): Promise<string | undefined>;
  failures(rule: number, slug: string): Promise<number>;
}

/** An answer as text. */
export type Answer = Promise<string[]>;

export interface TrainingSession {
  readonly sessionId: string;
  /**
   * Repetitions performed / target, `+` for an AMRAP set, `w` for a warm-up, `s` for a supplemental set, `@57.5/60` for
   * 57.5 lifted where 60 were planned; numbered through the session.
   */
  setsOf(text: string): LoggableSet[];
  log(sets: string, options?: EventOptions): Answer;
  finish(lifts: string, options?: EventOptions & { week?: number; day?: string }): Answer;
}

export interface LoggableSet {
  readonly liftId: string;
  readonly setNumber: number;
  readonly kind: SetKind;
  readonly weight: string;
  readonly targetWeight?: string;
  readonly targetReps: number;
  readonly repsPerformed: number;
}

/** An athlete with the fixture's lifts and rules; rules are named by the first word of their type, or by index. */
export async function createTrainee(
  database: Database,
  fixture: AthleteFixture,
  { ruleNames, ...options }: Partial<ClientOptions> & { ruleNames?: readonly string[] } = {},
): Promise<Trainee> {
  const athlete = await createAthlete(database, fixture);
  const names = ruleNames
    ? new Map(athlete.progressionIds.map((id, place) => [id, ruleNames[place] ?? '']))
    : namesByType(athlete, fixture);
  const client = createProgressionClient(database, { ...options, accountId: athlete.accountId });
  return traineeOf(athlete, client, names);
}

/** The same athlete, or a teammate, through another client. */
export function traineeWith(
  trainee: Trainee,
  { athlete = trainee.athlete, client = trainee.client },
): Trainee {
  return traineeOf(athlete, client, namesByTrainee.get(trainee) ?? new Map());
}

const namesByTrainee = new WeakMap<Trainee, ReadonlyMap<string, string>>();

function traineeOf(athlete: Athlete, client: ProgressionClient, names: ReadonlyMap<string, string>): Trainee {
  const { userId, liftIds, progressionIds } = athlete;
  const slugs = new Map(Object.entries(liftIds).map(([slug, id]) => [id, slug]));
  const liftId = (slug: string) => required(liftIds[slug], `lift ${slug}`);
  const ruleId = (rule: number) => required(progressionIds[rule], `rule ${rule}`);

  function linesOf({ outcome }: { outcome?: TriggerOutcome }): string[] {
    return (outcome?.results ?? []).map((result) => {
      const change = result.applied
        ? `${result.previousValue} → ${result.newValue}`
        : enumName(ResultReasonSchema, result.reason);
      const stage = result.stage ? `stage ${result.stage.index}` : '';
      const words = [names.get(result.progressionId), slugs.get(result.liftId), change, stage];
      return words.filter(Boolean).join(' ');
    });
  }

  function startSession(sessionId = uuidv7()): TrainingSession {
    const numbers = new Map<string, number>();
    function setsOf(text: string): LoggableSet[] {
      return text.split(', ').flatMap((ofLift) => {
        const [slug = '', ...notations] = ofLift.split(' ');
        return notations.map((notation) => {
          const setNumber = (numbers.get(slug) ?? 0) + 1;
          numbers.set(slug, setNumber);
          return { liftId: liftId(slug), setNumber, ...parseSet(notation) };
        });
      });
    }
    return {
      sessionId,
      setsOf,
      async log(sets, { at, validateOnly, call } = {}) {
        const request = { userId, sessionId, sets: setsOf(sets), occurredAt: timestamp(at), validateOnly };
        return linesOf(await client.logSets(request, call));
      },
      async finish(lifts, { at, validateOnly, call, week = 1, day = 'day-a' } = {}) {
        const liftsPerformed = lifts.split(' ').filter(Boolean).map(liftId);
        const session = { sessionId, daySlug: day, weekNumber: week, liftsPerformed };
        const request = {
          ...{ userId, session, occurredAt: timestamp(at), validateOnly },
          includeNotPerformed: true,
        };
        return linesOf(await client.handleSessionComplete(request, call));
      },
    };
  }

  const trainee: Trainee = {
    athlete,
    client,
    startSession,
    linesOf,
    liftId,
    async train(sets) {
      const session = startSession();
      const lifts = sets.split(', ').map((ofLift) => ofLift.split(' ')[0]);
      return [...(await session.log(sets)), ...(await session.finish(lifts.join(' ')))];
    },
    async advanceWeek(previousWeek, { at, validateOnly, call, newWeek = previousWeek + 1, cycle = 1 } = {}) {
      const week = { previousWeek, newWeek, cycleIteration: cycle };
      const request = { userId, week, occurredAt: timestamp(at), validateOnly };
      return linesOf(await client.handleWeekAdvance(request, call));
    },
    async completeCycle(completedCycle, totalWeeks, { at, validateOnly, call } = {}) {
      const cycle = { completedCycle, newCycle: completedCycle + 1, totalWeeks };
      const request = { userId, cycle, occurredAt: timestamp(at), validateOnly };
      return linesOf(await client.handleCycleComplete(request, call));
    },
    async ask(rule, { lift, force, reason, call } = {}) {
      const named = { progressionId: ruleId(rule), liftId: lift && liftId(lift), force, reason };
      return linesOf(await client.triggerProgression({ userId, ...named }, call));
    },
    async max(slug, maxType = MaxType.TRAINING_MAX) {
      const { liftMaxes } = await client.listLiftMaxes({ userId });
      return liftMaxes.find((max) => max.liftId === liftId(slug) && max.maxType === maxType)?.value;
    },
    async failures(rule, slug) {
      const asked = { userId, liftId: liftId(slug), progressionId: ruleId(rule) };
      const { failureCounter } = await client.getFailureCounter(asked);
      return required(failureCounter, 'counter').consecutiveFailures;
    },
  };
  namesByTrainee.set(trainee, names);
  return trainee;
}

/** The first word of the rule's type, with its index when another rule has the same type. */
function namesByType({ progressionIds }: Athlete, { rules = [] }: AthleteFixture): Map<string, string> {
  return new Map(
    progressionIds.map((id, place) => {
      const type = rules[place]?.type ?? '';
      const isAlone = rules.filter((rule) => rule.type === type).length === 1;
      const word = `${type.split('_')[0]}`.toLowerCase();
      return [id, isAlone ? word : `${word}${place}`];
    }),
  );
}

function parseSet(notation: string) {
  const [, mark, performed, target, amrap, weight = '60', targetWeight] =
    /^([ws]?)(\d+)\/(\d+)(\+?)(?:@([\d.]+)(?:\/([\d.]+))?)?$/.exec(notation) ?? [];
  const marked = mark === 'w' ? SetKind.WARM_UP : mark === 's' ? SetKind.SUPPLEMENTAL : SetKind.WORK;
  return {
    kind: amrap ? SetKind.AMRAP : marked,
    weight,
    ...(targetWeight !== undefined && { targetWeight }),
    targetReps: Number(target),
    repsPerformed: Number(performed),
  };
}

function timestamp(at: Instant | undefined) {
  return at === undefined ? undefined : instantToTimestamp(at);
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) {
    throw new TypeError(`there is no ${what}`);
  }
  return value;
}
