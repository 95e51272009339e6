/**
 * Writes twelve weeks of training into the demo account by the API's own methods, as if the clock had been at each
 * session. Every call has a fixed request ID, so that a seeding that was interrupted goes on where it ended.
 */
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { sql } from 'kysely';
import type { Config } from '../../config/config.ts';
import { DEMO_ACCOUNT_ID } from '../../config/config.ts';
import { PublishedEventSchema } from '../../gen/automation/v1/event_service_pb.ts';
import { MaxType, SetKind } from '../../gen/progression/v1/common_pb.ts';
import type { Program } from '../../gen/progression/v1/program_service_pb.ts';
import type { ProgressionResult, TriggerOutcome } from '../../gen/progression/v1/progression_service_pb.ts';
import type { Database } from '../../store/database.ts';
import { type Instant, instantFromText } from '../../values/instant.ts';
import { seededId } from '../seed-demo-account.ts';
import { createDemoClients, type DemoClients } from './demo-clients.ts';
import { makeUnreadable, publishFailingEvent } from './demo-dead-letter.ts';
import {
  repsOf,
  type Scheme,
  TRAINING_ATHLETES,
  type TrainedLift,
  type TrainingAthlete,
  WEEKS,
} from './demo-training.ts';
import { demoWorkflows, UNREADABLE_WORKFLOW } from './demo-workflows.ts';

const DAY_MS = 86_400_000;
/** Days of the week with a session, from the first day of a week. */
const SESSION_DAYS = [0, 2, 4];

/** Does nothing when the account has the history. The account is seeded: see `seed`. */
export async function seedDemoHistory(database: Database, config: Config): Promise<void> {
  const state = await readState(database);
  if (state.hasHistory) {
    return;
  }
  // The last session was the day before the account was seeded.
  const startMs = state.seededAtMs - WEEKS * 7 * DAY_MS + 2 * DAY_MS;
  let nowMs = startMs;
  const clients = createDemoClients(database, config, () => BigInt(Math.trunc(nowMs)) * 1000n);
  await createWorkflows(clients, database);
  const athletes = await Promise.all(TRAINING_ATHLETES.map((athlete) => enroll(clients, athlete)));
  await publishFailingEvent(clients, startMs);
  for (let week = 0; week < WEEKS; week += 1) {
    for (const day of SESSION_DAYS) {
      nowMs = startMs + (week * 7 + day) * DAY_MS;
      await Promise.all(athletes.map((athlete) => train(clients, athlete, { week, atMs: nowMs })));
      await clients.settle();
    }
  }
  nowMs = state.seededAtMs;
  await clients.settle();
  await recordHistory(database);
}

interface State {
  readonly seededAtMs: number;
  readonly hasHistory: boolean;
}

async function readState(database: Database): Promise<State> {
  return database.transaction(DEMO_ACCOUNT_ID, async (tx) => {
    const { rows } = await sql<{ method: string; occurred_at: string }>`
      select method, occurred_at::text from requests
      where account_id = ${tx.accountId} and request_id = ${seededId('seed')}`.execute(tx.sql);
    const seeded = rows.find(({ method }) => method === 'Seed');
    if (!seeded) {
      throw new TypeError('the demo account is not seeded');
    }
    return {
      seededAtMs: toMs(instantFromText(seeded.occurred_at)),
      hasHistory: rows.some(({ method }) => method === 'SeedHistory'),
    };
  });
}

function toMs(instant: Instant): number {
  return Number(instant / 1000n);
}

async function recordHistory(database: Database): Promise<void> {
  await database.transaction(DEMO_ACCOUNT_ID, (tx) =>
    sql`
      insert into requests (account_id, method, request_id, fingerprint, response, occurred_at)
      values (${tx.accountId}, 'SeedHistory', ${seededId('seed')}, '', '', now())
      on conflict do nothing`.execute(tx.sql),
  );
}

/** The metadata of a writing call: the same for each run of the seeding. */
function as(name: string, actor = 'schedule') {
  return { headers: { 'idempotency-key': seededId(`history/${name}`), 'x-actor': actor } };
}

async function createWorkflows({ workflows }: DemoClients, database: Database): Promise<void> {
  const wanted = { squatId: seededId('lift/squat'), nextProgramId: seededId('program/texas-method-kg') };
  for (const request of demoWorkflows(wanted)) {
    const { workflow } = await workflows.createWorkflow(request, as(`create ${request.name}`, 'coach'));
    await workflows.activateWorkflow(
      { workflowId: workflow?.id ?? '' },
      as(`activate ${request.name}`, 'coach'),
    );
    if (request === UNREADABLE_WORKFLOW) {
      await makeUnreadable(database, workflow?.trigger?.id ?? '');
    }
  }
}

/** An athlete and what the last answers said: never what the database has now, so that an interrupted run repeats. */
interface Training {
  readonly athlete: TrainingAthlete;
  readonly userId: string;
  readonly program: Program;
  readonly lifts: ReadonlyMap<string, { readonly slug: string; readonly trained: TrainedLift }>;
  /** The training maxes, and the newest standing change of each. */
  readonly values: Map<string, number>;
  readonly newest: Map<string, ProgressionResult>;
  /** Of lifts with stages. */
  readonly stages: Map<string, Scheme>;
  slot: number;
  session: number;
}

async function enroll(
  { users, programs, progressions }: DemoClients,
  athlete: TrainingAthlete,
): Promise<Training> {
  const { name, birthDate, tags } = athlete;
  const userId = seededId(`user/${name}`);
  const programId = seededId(`program/${athlete.programSlug}`);
  await users.createUser(
    { userId, name, birthDate, tags: [...tags], timeZone: 'Europe/Berlin' },
    as(`create ${name}`),
  );
  const { program } = await programs.getProgram({ programId });
  if (!program) {
    throw new TypeError(`the demo account has no program ${athlete.programSlug}`);
  }
  const lifts = new Map<string, { slug: string; trained: TrainedLift }>();
  for (const { id, slug } of program.lifts) {
    const trained = athlete.lifts[slug];
    if (!trained) {
      throw new TypeError(`${name} has no capacity for ${slug}`);
    }
    lifts.set(id, { slug, trained });
  }
  await programs.enrollUser({ userId, programId }, as(`enroll ${name}`, 'coach'));
  const values = new Map([...lifts].map(([id, { trained }]) => [id, trained.start]));
  await progressions.setLiftMaxes(
    {
      liftMaxes: [...values].map(([liftId, value]) => ({
        ...{ userId, liftId, maxType: MaxType.TRAINING_MAX, value: `${value}`, reason: 'the first session' },
      })),
    },
    as(`start ${name}`, 'coach'),
  );
  return {
    ...{ athlete, userId, program, lifts, values },
    ...{ newest: new Map(), stages: new Map(), slot: 0, session: 0 },
  };
}

interface Occasion {
  readonly week: number;
  readonly atMs: number;
}

/** One planned session: done, or missed. */
async function train(clients: DemoClients, training: Training, occasion: Occasion): Promise<void> {
  const { athlete, program } = training;
  const deed = athlete.deeds[training.slot];
  const name = `${athlete.name} ${training.slot}`;
  training.slot += 1;
  const day = program.days[training.session % program.days.length];
  if (!day) {
    throw new TypeError(`${program.slug} has no days`);
  }
  if (deed?.kind === 'miss') {
    await reportMiss(clients, training, day.slug, { ...occasion, name });
    return;
  }
  if (deed?.kind === 'setMax') {
    const liftId = idOf(training, deed.lift);
    const { value, reason } = deed;
    const max = { userId: training.userId, liftId, maxType: MaxType.TRAINING_MAX, value, reason };
    await clients.progressions.setLiftMax(max, as(`set ${name}`, 'coach'));
    training.values.set(liftId, Number(value));
    training.newest.delete(liftId);
  }
  if (deed?.kind === 'revert') {
    await revert(clients, training, idOf(training, deed.lift), { reason: deed.reason, name });
  }
  await complete(clients, training, day, { ...occasion, name });
  training.session += 1;
}

function idOf({ lifts }: Training, slug: string): string {
  const found = [...lifts].find(([, lift]) => lift.slug === slug);
  if (!found) {
    throw new TypeError(`no lift ${slug}`);
  }
  return found[0];
}

async function reportMiss(
  { events }: DemoClients,
  { userId }: Training,
  daySlug: string,
  { name, week, atMs }: Occasion & { name: string },
): Promise<void> {
  const event = create(PublishedEventSchema, {
    id: seededId(`history/event ${name}`),
    type: 'session_missed',
    userId,
    occurredAt: timestampFromMs(atMs),
    data: {
      ...{ session_id: seededId(`history/session ${name}`), day_slug: daySlug, week_number: week + 1 },
      ...{ planned_on: new Date(atMs).toISOString().slice(0, 10), missed_in_a_row: 1 },
    },
  });
  await events.publishEvents({ events: [event] });
}

async function revert(
  { progressions }: DemoClients,
  { userId, newest, values }: Training,
  liftId: string,
  { reason, name }: { reason: string; name: string },
): Promise<void> {
  const last = newest.get(liftId);
  if (last) {
    await progressions.revertProgression(
      { userId, logId: last.logId, reason },
      as(`revert ${name}`, 'coach'),
    );
    values.set(liftId, Number(last.previousValue));
    newest.delete(liftId);
  }
}

async function complete(
  { progressions }: DemoClients,
  training: Training,
  day: { readonly slug: string; readonly liftIds: readonly string[] },
  { name, week, atMs }: Occasion & { name: string },
): Promise<void> {
  const { userId } = training;
  const sessionId = seededId(`history/session ${name}`);
  const occurredAt = timestampFromMs(atMs);
  const logged = await progressions.logSets(
    { userId, sessionId, occurredAt, sets: day.liftIds.flatMap((liftId) => setsOf(training, liftId, week)) },
    as(`sets ${name}`),
  );
  remember(training, logged.outcome);
  const { outcome } = await progressions.handleSessionComplete(
    {
      ...{ userId, occurredAt: timestampFromMs(atMs) },
      session: {
        sessionId,
        daySlug: day.slug,
        weekNumber: weekNumberOf(training, week),
        liftsPerformed: [...day.liftIds],
      },
    },
    as(`session ${name}`),
  );
  remember(training, outcome);
}

/** Programs with cycles count their weeks anew in each. */
function weekNumberOf({ program: { weeksPerCycle } }: Training, week: number): number {
  return weeksPerCycle > 1 ? (week % weeksPerCycle) + 1 : week + 1;
}

function setsOf(training: Training, liftId: string, week: number) {
  const { athlete, lifts, values, stages, session } = training;
  const lift = lifts.get(liftId);
  const weight = values.get(liftId);
  if (!lift || weight === undefined) {
    throw new TypeError(`${athlete.name} does not train ${liftId}`);
  }
  const scheme = stages.get(liftId) ?? athlete.scheme(lift.slug);
  return repsOf(weight, lift.trained, week, session, scheme).map((repsPerformed, index) => ({
    ...{ liftId, setNumber: index + 1, weight: `${weight}`, targetReps: scheme.reps, repsPerformed },
    kind: scheme.isAmrap && index === scheme.sets - 1 ? SetKind.AMRAP : SetKind.WORK,
  }));
}

function remember({ values, newest, stages }: Training, outcome: TriggerOutcome | undefined): void {
  for (const result of outcome?.results ?? []) {
    if (result.applied) {
      values.set(result.liftId, Number(result.newValue));
      newest.set(result.liftId, result);
    }
    if (result.stage) {
      const { sets, reps, isAmrap } = result.stage;
      stages.set(result.liftId, { sets, reps, isAmrap });
    }
  }
}
