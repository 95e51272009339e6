/** Scenario tables for events: each line is what happened, in words, and what every rule made of it. */
import { Decimal } from 'decimal.js';
import { expect, test } from 'vitest';
import type { Plan, RuleResult } from '../../../src/progression/evaluation/plan.ts';
import { maxKey, ruleKey } from '../../../src/progression/evaluation/snapshot.ts';
import type { EventDetail, PerformedSet } from '../../../src/progression/evaluation/trigger-event.ts';
import type { Instant } from '../../../src/values/instant.ts';
import { type Athlete, createAthlete, type Setup } from '../athlete.ts';

/**
 * An event and its results. Events:
 * - `log squat 5/5 3/5, bench 8/5+ w5/5` logs sets of the session at hand: repetitions performed / target, `+` for an
 *   AMRAP set, `w` for a warm-up, `s` for a supplemental set; `@90/100` for 90 lifted where 100 were planned.
 * - `finish squat bench` completes the session at hand with the lifts performed, and starts the next one.
 * - `week`, `cycle` advance the week, complete the cycle.
 * - `ask RULE LIFT`, `force RULE LIFT` trigger a rule by hand, for all its lifts when none is named.
 */
export type Line = readonly [event: string, ...results: string[]];

/** Plays the lines one after the other; one test per table. */
export function testPlay(title: string, setup: Setup, lines: readonly Line[]): void {
  test(title, () => {
    const scenario = createScenario(setup);
    const played = lines.map(([event]) => [event, ...scenario.play(event)]);
    expect(played).toEqual(lines);
  });
}

export interface Scenario {
  readonly athlete: Athlete;
  /** What the rules made of the event, one text each. */
  play(event: string, occurredAt?: Instant): string[];
  /** The same, as it is stored. */
  plan(event: string, occurredAt?: Instant): Plan;
  max(lift: string): string | undefined;
  failures(ruleId: string, lift: string): number | undefined;
}

/** Events are a second apart, from 1 s on. */
export function createScenario(setup: Setup): Scenario {
  const athlete = createAthlete(setup);
  const next = createEventReader();
  let now = 0n;
  const plan = (event: string, occurredAt?: Instant) => {
    now += 1_000_000n;
    const at = occurredAt ?? now;
    return athlete.handle(next(event, at), at);
  };
  return {
    athlete,
    plan,
    play: (event, occurredAt) => plan(event, occurredAt).results.map(describeResult),
    max: (lift) => athlete.maxes.get(maxKey(lift, 'TRAINING_MAX'))?.value.toFixed(),
    failures: (ruleId, lift) => athlete.failureCounts.get(ruleKey(lift, ruleId))?.consecutiveFailures,
  };
}

/** `RULE LIFT 100 → 105`, or `RULE LIFT REASON`; stage rules also say the stage. */
export function describeResult({ progressionId, liftId, reason, application, stage }: RuleResult): string {
  const change = application && `${application.previousValue.toFixed()} → ${application.newValue.toFixed()}`;
  return [progressionId, liftId, change ?? reason, stage && `stage ${stage.index}`].filter(Boolean).join(' ');
}

/** Turns words into events; remembers the session at hand, the week and the cycle. */
export function createEventReader(): (event: string, occurredAt: Instant) => EventDetail {
  let session = 1;
  let week = 1;
  let cycle = 1;
  let request = 0;
  const loggedSets = new Map<string, number>();

  function setsOf(text: string, occurredAt: Instant): PerformedSet[] {
    let position = 0n;
    return text.split(', ').flatMap((ofLift) => {
      const [liftId = '', ...notations] = ofLift.split(' ');
      return notations.map((notation) => {
        const key = `session-${session} ${liftId}`;
        const setNumber = (loggedSets.get(key) ?? 0) + 1;
        loggedSets.set(key, setNumber);
        return {
          ...parseSet(notation),
          id: `${key} ${setNumber}`,
          liftId,
          setNumber,
          performedAt: occurredAt + position++,
        };
      });
    });
  }

  return (event, occurredAt) => {
    const [verb, ...words] = event.split(' ');
    const sessionId = `session-${session}`;
    switch (verb) {
      case 'log':
        return { type: 'SETS_LOGGED', sessionId, sets: setsOf(words.join(' '), occurredAt) };
      case 'finish':
        session += 1;
        return {
          type: 'SESSION_COMPLETED',
          sessionId,
          daySlug: 'day-a',
          weekNumber: week,
          liftsPerformed: words,
        };
      case 'week':
        week += 1;
        return { type: 'WEEK_ADVANCED', previousWeek: week - 1, newWeek: week, cycleIteration: cycle };
      case 'cycle': {
        const totalWeeks = week;
        cycle += 1;
        week = 1;
        return { type: 'CYCLE_COMPLETED', completedCycle: cycle - 1, newCycle: cycle, totalWeeks };
      }
      case 'ask':
      case 'force':
        request += 1;
        return {
          type: 'MANUAL',
          progressionId: words[0] ?? '',
          liftId: words[1] ?? null,
          force: verb === 'force',
          reason: 'because',
          actor: 'coach',
          requestId: `request-${request}`,
        };
      default:
        throw new TypeError(`Not an event: ${event}`);
    }
  };
}

function parseSet(notation: string): Omit<PerformedSet, 'id' | 'liftId' | 'setNumber' | 'performedAt'> {
  const match = /^([ws]?)(\d+)\/(\d+)(\+?)(?:@(\d+)\/(\d+))?$/.exec(notation);
  if (!match) {
    throw new TypeError(`Not a set: ${notation}`);
  }
  const [, mark, performed, target, amrap, weight = '100', targetWeight] = match;
  const kind = mark === 'w' ? 'WARM_UP' : mark === 's' ? 'SUPPLEMENTAL' : amrap ? 'AMRAP' : 'WORK';
  return {
    kind,
    weight: new Decimal(weight),
    targetWeight: targetWeight === undefined ? null : new Decimal(targetWeight),
    repsPerformed: Number(performed),
    targetReps: Number(target),
  };
}
