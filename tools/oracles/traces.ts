/** Runs traces: whole programs through the served API, event by event. */
import { Decimal } from 'decimal.js';
import { enumValue } from '../../src/calls/enum-name.ts';
import { parametersFromStored } from '../../src/catalog/rules/rule-from-stored.ts';
import { MaxType, SetKind, SetKindSchema } from '../../src/gen/progression/v1/common_pb.ts';
import type { TriggerOutcome } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { newId } from '../../src/values/new-id.ts';
import type { Trace, TraceEvent, TraceRule } from './oracle-files.ts';
import { decimalText, ruleTypeOf, storedParameters } from './recorded-parameters.ts';
import type { TraceClients } from './trace-clients.ts';

/** The athlete of a trace, in an account that holds nothing else. */
interface Athlete {
  readonly userId: string;
  readonly liftId: string;
}

/** The athlete's position in the program. */
interface Position {
  week: number;
  cycle: number;
  /** The stage of the stage rule; the first one at the beginning. */
  stage: number;
}

/** The first event after which the recording differs, in words, or null. Throws what a call answers as its error. */
export async function checkTrace(trace: Trace, clients: TraceClients): Promise<string | null> {
  if (trace.expect.length !== trace.events.length) {
    return `${trace.events.length} events, but ${trace.expect.length} expected values`;
  }
  const athlete = await enrollAthlete(trace, clients);
  const position: Position = { week: 1, cycle: 1, stage: 0 };
  for (const [index, event] of trace.events.entries()) {
    await playEvent(event, athlete, position, clients);
    const difference = await compare(trace, index, athlete, position, clients);
    if (difference) {
      return `after event ${index + 1} of ${trace.events.length}: ${difference}`;
    }
  }
  return null;
}

async function compare(
  { expect, expectStage }: Trace,
  index: number,
  athlete: Athlete,
  { stage }: Position,
  { progressions }: TraceClients,
): Promise<string | null> {
  const { liftMax } = await progressions.getLiftMax({ ...athlete, maxType: MaxType.TRAINING_MAX });
  const expected = new Decimal(expect[index] ?? Number.NaN);
  if (!expected.eq(liftMax?.value ?? Number.NaN)) {
    return `expected ${expected.toFixed()}, got ${liftMax?.value}`;
  }
  const expectedStage = expectStage?.[index] ?? stage;
  return expectedStage === stage ? null : `expected stage ${expectedStage}, got ${stage}`;
}

/** Creates the athlete, the lift, the rules and the program, and enrolls the athlete. */
async function enrollAthlete(
  trace: Trace,
  { users, programs, progressions }: TraceClients,
): Promise<Athlete> {
  const { user } = await users.createUser({ name: 'oracle' });
  const { lift } = await programs.createLift({ slug: slugOf(trace.lift), name: trace.lift });
  const athlete = { userId: `${user?.id}`, liftId: `${lift?.id}` };
  const { program } = await programs.createProgram({
    slug: 'oracle',
    name: 'oracle',
    liftIds: [athlete.liftId],
  });
  const programId = `${program?.id}`;
  for (const rule of trace.rules) {
    const { progression } = await programs.createProgression({
      name: rule.type,
      parameters: messageOf(rule),
    });
    await programs.createProgramProgression({
      programId,
      progressionId: `${progression?.id}`,
      liftId: athlete.liftId,
      priority: rule.priority ?? 0,
      overrideIncrement: rule.overrideIncrement ? decimalText(rule.overrideIncrement) : '',
    });
  }
  await programs.enrollUser({ userId: athlete.userId, programId });
  await progressions.setLiftMax({
    ...athlete,
    maxType: MaxType.TRAINING_MAX,
    value: decimalText(trace.start),
  });
  return athlete;
}

async function playEvent(
  { sets, advance }: TraceEvent,
  athlete: Athlete,
  position: Position,
  clients: TraceClients,
): Promise<void> {
  if (sets) {
    await playSession(sets, athlete, position, clients);
  }
  switch (advance) {
    case undefined:
      return;
    case 'week':
      await advanceWeek(position.week + 1, athlete, position, clients);
      return;
    case 'cycle':
      await completeCycle(athlete, position, clients);
      return;
    default:
      throw new TypeError(`nothing is known that advances by ${advance}`);
  }
}

async function playSession(
  sets: NonNullable<TraceEvent['sets']>,
  { userId, liftId }: Athlete,
  position: Position,
  { progressions }: TraceClients,
): Promise<void> {
  const sessionId = newId();
  if (sets.length > 0) {
    const logged = await progressions.logSets({
      userId,
      sessionId,
      sets: sets.map(([targetReps, repsPerformed, kind = 'WORK'], index) => ({
        liftId,
        setNumber: index + 1,
        kind: setKindOf(kind),
        weight: '100',
        targetReps,
        repsPerformed,
      })),
    });
    noteStage(logged.outcome, position);
  }
  const session = { sessionId, daySlug: 'day', weekNumber: position.week, liftsPerformed: [liftId] };
  const { outcome } = await progressions.handleSessionComplete({ userId, session });
  noteStage(outcome, position);
}

async function advanceWeek(
  newWeek: number,
  { userId }: Athlete,
  position: Position,
  { progressions }: TraceClients,
): Promise<void> {
  const week = { previousWeek: position.week, newWeek, cycleIteration: position.cycle };
  const { outcome } = await progressions.handleWeekAdvance({ userId, week });
  noteStage(outcome, position);
  position.week = newWeek;
}

/** The last week of a cycle is a week too: it wraps to the first, and the cycle is complete. */
async function completeCycle(athlete: Athlete, position: Position, clients: TraceClients): Promise<void> {
  const totalWeeks = position.week;
  await advanceWeek(1, athlete, position, clients);
  const cycle = { completedCycle: position.cycle, newCycle: position.cycle + 1, totalWeeks };
  const { outcome } = await clients.progressions.handleCycleComplete({ userId: athlete.userId, cycle });
  noteStage(outcome, position);
  position.cycle += 1;
}

function noteStage(outcome: TriggerOutcome | undefined, position: Position): void {
  for (const { stage } of outcome?.results ?? []) {
    position.stage = stage?.index ?? position.stage;
  }
}

function messageOf({ type, parameters }: TraceRule) {
  const ruleType = ruleTypeOf(type);
  return parametersFromStored({ type: ruleType, parameters: storedParameters(ruleType, parameters) });
}

function setKindOf(name: string): SetKind {
  const kind = enumValue(SetKindSchema, name);
  if (kind === SetKind.UNSPECIFIED) {
    throw new TypeError(`there is no kind of set ${name}`);
  }
  return kind;
}

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
