/** What a log becomes on its way to the service. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SessionSet, TrainedSession } from '../../../src/training-logs/sessions.ts';
import { instantFromText } from '../../../src/values/instant.ts';
import { planReplay, type ReplayStep } from '../../../tools/replay/replay-plan.ts';
import type { ReplayedProgram } from '../../../tools/replay/replayed-program.ts';

const PROGRAM: ReplayedProgram = {
  id: 'program-1',
  slug: 'a-program',
  unit: 'kg',
  weeksPerCycle: 2,
  sessionsPerWeek: 1,
  days: [{ slug: 'day-a', liftIds: ['squat'] }],
  lifts: new Map([['squat', 'squat']]),
  hasAmrapRules: false,
};

const START = instantFromText('2024-03-04T12:00:00Z');

function set(
  liftId: string,
  setNumber: number,
  weight: string,
  kind: SessionSet['kind'] = 'WORK',
): SessionSet {
  return { liftId, setNumber, kind, weight, targetReps: 5, reps: 5, rpe: null };
}

function session(day: number, ...sets: SessionSet[]): TrainedSession {
  return { at: START + BigInt(day) * 86_400_000_000n, sets };
}

function briefly(step: ReplayStep): string {
  switch (step.type) {
    case 'STARTING_MAX':
      return `max ${step.liftId} ${step.value}`;
    case 'SETS':
      return `sets ${step.sets.map((each) => `${each.liftId} ${each.weight} ${each.kind}`).join(', ')}`;
    case 'SESSION':
      return `session ${step.session} ${step.daySlug} week ${step.week}: ${step.liftIds.join(' ')}`;
    case 'WEEK':
      return `week ${step.week} to ${step.newWeek} of cycle ${step.cycle}`;
    case 'CYCLE':
      return `cycle ${step.cycle} of ${step.weeks} weeks`;
    default:
      return step.type;
  }
}

test('sets, their session, and the ends of weeks and cycles follow each other, each later than the one before', () => {
  const sessions = [session(0, set('squat', 1, '80')), session(2, set('squat', 1, '82.5'))];
  const { steps } = planReplay(PROGRAM, sessions);

  expect(steps.map(briefly)).toEqual([
    'ATHLETE',
    'ENROLLMENT',
    'max squat 80',
    'sets squat 80 WORK',
    'session 0 day-a week 1: squat',
    'week 1 to 2 of cycle 1',
    'sets squat 82.5 WORK',
    'session 1 day-a week 2: squat',
    'week 2 to 1 of cycle 1',
    'cycle 1 of 2 weeks',
  ]);
  const times = steps.flatMap((step) => ('at' in step ? [step.at] : []));
  expect(times).toEqual(times.toSorted());
  expect(new Set(times).size).toBe(times.length);
});

test('a lift starts at the heaviest work set of its first session, just before it', () => {
  const { steps } = planReplay(PROGRAM, [
    session(
      0,
      set('squat', 1, '20', 'WARM_UP'),
      set('squat', 2, '9'),
      set('squat', 3, '80'),
      set('squat', 4, '75'),
    ),
    session(2, set('squat', 1, '90'), set('deadlift', 1, '60', 'WARM_UP')),
    session(4, set('deadlift', 1, '100')),
  ]);

  expect(steps.map(briefly).filter((step) => /^(max|session)/.test(step))).toEqual([
    'max squat 80',
    'session 0 day-a week 1: squat',
    'session 1 day-a week 2: squat',
    'max deadlift 100',
    'session 2 day-a week 1: deadlift',
  ]);
});

test('with rules for AMRAP sets, the last of a lift’s heaviest work sets is AMRAP', () => {
  const sets = [
    set('squat', 1, '100', 'WARM_UP'),
    set('squat', 2, '90'),
    set('squat', 3, '95'),
    set('deadlift', 1, '120'),
    set('squat', 4, '95'),
    set('squat', 5, '80'),
  ];
  const { steps } = planReplay({ ...PROGRAM, hasAmrapRules: true }, [session(0, ...sets)]);

  expect(steps.map(briefly).find((step) => step.startsWith('sets'))).toBe(
    'sets squat 100 WARM_UP, squat 90 WORK, squat 95 WORK, deadlift 120 AMRAP, squat 95 AMRAP, squat 80 WORK',
  );
});

test('a session of more sets than one call takes becomes several calls', () => {
  const sets = Array.from({ length: 401 }, (_, index) => set('squat', index + 1, '80'));
  const { steps } = planReplay(PROGRAM, [session(0, ...sets)]);

  expect(steps.flatMap((step) => (step.type === 'SETS' ? [step.sets.length] : []))).toEqual([200, 200, 1]);
});

describe('ids', () => {
  const sessions = [session(0, set('squat', 1, '80')), session(2, set('squat', 1, '85'))];
  const idsOf = (program: ReplayedProgram, log: readonly TrainedSession[]) => {
    const plan = planReplay(program, log);
    const athlete = plan.athleteOf(plan.sessionCount);
    return [
      athlete.userId,
      athlete.sessionId(0),
      athlete.sessionId(1),
      ...plan.steps.map((_, i) => athlete.requestId(i)),
    ];
  };

  test('are the same for the same log and program, and distinct among each other', () => {
    const ids = idsOf(PROGRAM, sessions);

    expect(idsOf(PROGRAM, sessions)).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('differ for another program, another calendar and another set', () => {
    const known = new Set(idsOf(PROGRAM, sessions));
    const others = [
      ...idsOf({ ...PROGRAM, id: 'program-2' }, sessions),
      ...idsOf({ ...PROGRAM, weeksPerCycle: 3 }, sessions),
      ...idsOf(PROGRAM, [session(0, set('squat', 1, '80')), session(2, set('squat', 1, '85.5'))]),
    ];

    expect(others.filter((id) => known.has(id))).toEqual([]);
  });

  test('a longer log begins with the steps and has the ids of the athlete of the shorter one', () => {
    const longer = [...sessions, session(4, set('deadlift', 1, '120'))];
    const [short, long] = [planReplay(PROGRAM, sessions), planReplay(PROGRAM, longer)];

    expect(long.steps.slice(0, short.steps.length)).toEqual(short.steps);
    expect(long.athleteOf(2).userId).toBe(short.athleteOf(2).userId);
    expect(long.athleteOf(2).requestId(5)).toBe(short.athleteOf(2).requestId(5));
    expect(long.athleteOf(3).userId).not.toBe(long.athleteOf(2).userId);
    expect(() => long.athleteOf(4)).toThrow(RangeError);
    expect(() => long.athleteOf(0)).toThrow(RangeError);
  });

  test('the fingerprint is that of the program and the steps as JSON', () => {
    const { steps, athleteOf } = planReplay(PROGRAM, sessions);
    const text = JSON.stringify([PROGRAM.id, steps], (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );

    expect(athleteOf(2).fingerprint).toBe(createHash('sha256').update(text).digest('hex'));
  });
});
