/** How long prescriptions take to compute: PrescribeSession, and PrescribeWeeks for as many weeks as it takes. */
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { MaxType, SetKind } from '../src/gen/progression/v1/common_pb.ts';
import { ProgramService } from '../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../src/gen/progression/v1/progression_service_pb.ts';
import { newId } from '../src/values/new-id.ts';
import { percentile, reportBounded, round } from './figures.ts';
import { ACCOUNT_ID, liftIds, PROGRAM_ID, SESSION_LIFTS, userId } from './fixture.ts';
import { analyze, type Served, withServedAthletes } from './served.ts';

const ATHLETES = 1_000;
const CALLS = { session: 1_000, weeks: 200 };
const WARM_UP_CALLS = 50;
const MOST_WEEKS = 16;
const BOUND_MS = 20;

/** Percentages and repetitions of the three sets in each of four weeks. */
const WAVE = [
  ['0.65', '0.75', '0.85'],
  ['0.7', '0.8', '0.9'],
  ['0.75', '0.85', '0.95'],
  ['0.4', '0.5', '0.6'],
];

export async function runReadsBench(): Promise<void> {
  await withServedAthletes({ users: ATHLETES }, async (served) => {
    const clients = clientsOf(served);
    await prescribeWave(clients);
    await completeSessions(clients);
    await analyze(served.databaseUrl);
    const { progression } = clients;
    const figures = {
      ...(await measure('session', CALLS.session, async (athlete) => {
        const { sets } = await progression.prescribeSession({ userId: userId(athlete) }, reading);
        return sets.length;
      })),
      ...(await measure('weeks', CALLS.weeks, async (athlete) => {
        const { sessions } = await progression.prescribeWeeks(
          { userId: userId(athlete), weeks: MOST_WEEKS },
          reading,
        );
        return sessions.length;
      })),
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  });
}

function clientsOf({ url }: Served) {
  const transport = createGrpcTransport({ baseUrl: url });
  return {
    programs: createClient(ProgramService, transport),
    progression: createClient(ProgressionService, transport),
  };
}

const reading = { headers: { 'x-account-id': ACCOUNT_ID } };
const writing = () => ({ headers: { 'x-account-id': ACCOUNT_ID, 'idempotency-key': newId() } });

type Clients = ReturnType<typeof clientsOf>;

/** Every lift of the program on its one day: three sets by the week, and five lighter ones. */
async function prescribeWave({ programs }: Clients): Promise<void> {
  const load = (percent: string) =>
    ({ case: 'ofMax', value: { maxType: MaxType.TRAINING_MAX, percent } }) as const;
  const groups = [
    ...WAVE.flatMap((percents, week) =>
      percents.map((percent) => ({
        ...{ kind: SetKind.WORK, sets: 1, reps: 5, load: load(percent), weeks: [week + 1] },
      })),
    ),
    { kind: SetKind.SUPPLEMENTAL, sets: 5, reps: 10, load: load('0.5') },
  ];
  const lifts = liftIds(SESSION_LIFTS);
  const prescriptions = lifts.map((liftId) => ({ liftId, groups }));
  const days = [{ slug: 'day', liftIds: lifts, prescriptions }];
  await programs.updateProgram({ programId: PROGRAM_ID, replaceDays: true, days }, writing());
}

/** One session of each athlete, so that there is a last one to go on from. */
async function completeSessions({ progression }: Clients): Promise<void> {
  const liftsPerformed = liftIds(SESSION_LIFTS);
  for (let first = 1; first <= ATHLETES; first += CALLS.weeks) {
    const triggers = Array.from({ length: CALLS.weeks }, (_, index) => {
      const session = { sessionId: newId(), daySlug: 'day', weekNumber: 2, liftsPerformed };
      const value = { userId: userId(first + index), session };
      return { requestId: newId(), event: { case: 'sessionComplete', value } } as const;
    });
    const { totalFailed } = await progression.batchHandleTriggers({ triggers }, reading);
    if (totalFailed > 0) {
      throw new TypeError(`${totalFailed} sessions were refused`);
    }
  }
}

/** One call at a time, of one athlete after the other. `call` gives how much was answered. */
async function measure(
  name: keyof typeof CALLS,
  calls: number,
  call: (athlete: number) => Promise<number>,
): Promise<Record<string, number>> {
  const timesMs: number[] = [];
  for (let n = 0; n < WARM_UP_CALLS + calls; n += 1) {
    const beganMs = performance.now();
    const answered = await call((n % ATHLETES) + 1);
    timesMs.push(performance.now() - beganMs);
    if (answered === 0) {
      throw new TypeError('an answer has no sets');
    }
  }
  const measured = timesMs.slice(WARM_UP_CALLS);
  const [p50, p95] = [percentile(measured, 0.5), percentile(measured, 0.95)];
  const method = name === 'session' ? 'PrescribeSession' : `PrescribeWeeks, ${MOST_WEEKS} weeks`;
  reportBounded(`${method}, p95`, p95, BOUND_MS, 'ms', `p50 ${p50.toFixed(1)} ms`);
  return { [`${name}_p50_ms`]: round(p50), [`${name}_p95_ms`]: round(p95) };
}
