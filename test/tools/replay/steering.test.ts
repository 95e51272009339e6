/** Prescribed and lifted weights, from the steps and their answers. */
import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import { ProgressionResultSchema } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import type { PlannedSet } from '../../../src/training-logs/session-steps.ts';
import type { ReplayStep } from '../../../tools/replay/replay-plan.ts';
import type { StepAnswer } from '../../../tools/replay/send-step.ts';
import { createSteering, type Steering } from '../../../tools/replay/steering.ts';

const NOTHING: StepAnswer = { isReplayed: false, results: [], missedLiftIds: [], prescribed: new Map() };

function answer(newValue: string, maxType: MaxType = MaxType.TRAINING_MAX): StepAnswer {
  const result = { liftId: 'squat', maxType, applied: true, newValue };
  return { ...NOTHING, results: [create(ProgressionResultSchema, result)] };
}

function sets(session: number, ...weights: string[]): ReplayStep {
  const set = { liftId: 'squat', setNumber: 1, targetReps: 5, reps: 5, rpe: null };
  const planned = weights.map((weight): PlannedSet => ({ ...set, kind: 'WORK', weight }));
  return { type: 'SETS', session, at: BigInt(session), sets: planned };
}

function completed(session: number): ReplayStep {
  return { type: 'SESSION', session, at: BigInt(session), daySlug: 'a', week: 1, liftIds: ['squat'] };
}

function startedAt(value: string): Steering {
  const steering = createSteering();
  steering.take({ type: 'STARTING_MAX', liftId: 'squat', value }, NOTHING);
  return steering;
}

test('each session has the load that was prescribed for it', () => {
  const prescribed = (load: string) => ({ prescribed: new Map([['squat', load]]) });
  const steering = startedAt('100');
  steering.take(sets(0, '90', '100'), NOTHING);
  steering.take(completed(0), { ...answer('105'), ...prescribed('100') });
  steering.take(sets(1, '102.5'), { ...NOTHING, missedLiftIds: ['squat'] });
  steering.take(completed(1), { ...answer('95'), ...prescribed('105') });

  const [lift] = steering.lifts();
  expect(
    lift?.sessions.map((s) => [s.prescribed?.toFixed(), s.lifted.toFixed(), s.isMissed, s.isDeloaded]),
  ).toEqual([
    ['100', '100', false, false],
    ['105', '102.5', true, true],
  ]);
  expect(lift).toMatchObject({ sets: 3, misses: 1, deloads: 1 });
  expect([lift?.start.toFixed(), lift?.current.toFixed()]).toEqual(['100', '95']);
});

test('a prescription of a lift that the session did not train is left out', () => {
  const steering = startedAt('100');
  steering.take(sets(0, '100'), NOTHING);
  steering.take(completed(0), NOTHING);
  steering.take(completed(1), { ...NOTHING, prescribed: new Map([['squat', '105']]) });

  expect(steering.lifts()[0]?.sessions).toMatchObject([{ prescribed: null }]);
});

test('a session of several calls is one session', () => {
  const steering = startedAt('100');
  steering.take(sets(0, '90'), NOTHING);
  steering.take(sets(0, '110'), answer('105'));

  const [lift] = steering.lifts();
  expect(lift?.sessions.map((s) => s.lifted.toFixed())).toEqual(['110']);
});

test('warm-ups do not count as sets of the lift', () => {
  const steering = startedAt('100');
  const warmUp = {
    liftId: 'squat',
    setNumber: 1,
    kind: 'WARM_UP',
    weight: '200',
    targetReps: 5,
    reps: 5,
    rpe: null,
  };
  steering.take({ type: 'SETS', session: 0, at: 0n, sets: [warmUp as PlannedSet] }, NOTHING);

  expect(steering.lifts()).toMatchObject([{ sets: 0, sessions: [] }]);
});

test('only a change of the training max is a change of the weight', () => {
  const steering = startedAt('100');
  steering.take(sets(0, '100'), answer('140', MaxType.ESTIMATED_ONE_RM));

  expect(steering.lifts()[0]?.current.toFixed()).toBe('100');
});
