/** ImportTrainingLog, over the wire: what a file leaves behind, twice, in parts, and cut in the middle. */
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService } from '../../src/commands/start-service.ts';
import { readConfig } from '../../src/config/config.ts';
import { BadRequestSchema, ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { WeightUnit } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import {
  DateOrder,
  type ImportTrainingLogRequest,
  type ImportTrainingLogResponse,
} from '../../src/gen/progression/v1/training_log_pb.ts';
import { createLogger } from '../../src/server/logger.ts';
import type { RunningServer } from '../../src/server/server.ts';
import { type Athlete, createAthlete } from '../support/fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';

type Request = Partial<Pick<ImportTrainingLogRequest, 'dateOrder' | 'validateOnly'>> & {
  readonly exercises?: { readonly exercise: string; readonly liftSlug: string }[];
};

const HEADER = 'Date;Exercise Name;Set Order;Weight;Reps';
const DAYS = ['13.03.2024', '15.03.2024', '18.03.2024', '20.03.2024', '22.03.2024'];

/** Strong's export: each day one session with two sets of squats, and a row that no rule trains. */
function exportOf(days: readonly string[], first = 100): Uint8Array {
  const rows = days.flatMap((day, index) => [
    `${day} 18:00;Squat (Barbell);1;${first + 2.5 * index};5`.replace(/(\d)\.(\d+);5$/, '$1,$2;5'),
    `${day} 18:00;Squat (Barbell);2;${first};5`,
    `${day} 18:00;Leg Press;1;180;10`,
  ]);
  return Buffer.from([HEADER, ...rows].join('\n'));
}

const db = useTestDatabase();
let server: RunningServer;
beforeAll(async () => {
  server = await startService(readConfig({ PORT: '0' }), db.database, createLogger('silent'));
});
afterAll(() => server?.close());

/** An athlete whose squat grows by 2.5 with each session, and the calls for the athlete. */
async function createCaller(sessionsPerWeek = 2) {
  const parameters = { maxType: 'TRAINING_MAX', triggerType: 'AFTER_SESSION', increment: '2.5' };
  const athlete: Athlete = await createAthlete(db.database, {
    lifts: { squat: '100' },
    rules: [{ type: 'LINEAR_PROGRESSION', parameters }],
    sessionsPerWeek,
  });
  const { accountId, userId } = athlete;
  const client = createClient(ProgressionService, createGrpcTransport({ baseUrl: server.url }));
  const options = { headers: { 'x-account-id': accountId } };
  const request = (content: Uint8Array, rest: Request = {}) => ({
    userId,
    content,
    unit: WeightUnit.KILOGRAM,
    ...rest,
  });
  return {
    stream: (content: Uint8Array, rest?: Request) =>
      client.importTrainingLog(request(content, rest), options),
    /** Every answer, in order. */
    async importAll(content: Uint8Array, rest?: Request): Promise<ImportTrainingLogResponse[]> {
      const answers: ImportTrainingLogResponse[] = [];
      for await (const answer of client.importTrainingLog(request(content, rest), options)) {
        answers.push(answer);
      }
      return answers;
    },
    async squat() {
      const max = { userId, liftId: `${athlete.liftIds.squat}`, maxType: MaxType.TRAINING_MAX };
      return (await client.getLiftMax(max, options)).liftMax;
    },
    sessions: async () => (await client.listSessions({ userId }, options)).sessions,
    sets: async () => (await client.listLoggedSets({ userId }, options)).sets,
  };
}

/** The fields that a refusal names, and its text. */
async function refusalOf(answers: Promise<unknown>) {
  const error = await answers.then(
    () => expect.unreachable('it was imported'),
    (reason) => reason,
  );
  const [info] = error.findDetails(ErrorInfoSchema);
  const violations = error
    .findDetails(BadRequestSchema)
    .flatMap((each: { fieldViolations: [] }) => each.fieldViolations);
  return {
    reason: info?.reason,
    fields: violations.map(({ field }: { field: string }) => field),
    text: error.message,
  };
}

describe('a file', () => {
  test('becomes sets, sessions and changed maxes, and is reported', async () => {
    const caller = await createCaller();
    const answers = await caller.importAll(exportOf(DAYS));

    expect(answers.map(({ importedSessions }) => importedSessions)).toEqual([0, 1, 2, 3, 4, 5, 5]);
    expect(answers.at(-1)?.report).toMatchObject({
      ...{ rowCount: 15, setCount: 10, knownEventCount: 0, appliedCount: 5 },
      unused: [{ reason: 'NOT_IN_PROGRAM', count: 5, lines: [4, 7, 10, 13, 16], example: 'Leg Press' }],
    });
    expect(answers.at(-1)?.report?.unused.map(({ examples }) => examples)).toEqual([['Leg Press']]);
    expect((await caller.squat())?.value).toBe('112.5');
    expect(await caller.sets()).toHaveLength(10);
    expect((await caller.sessions()).map(({ weekNumber }) => weekNumber)).toEqual([1, 1, 1, 1, 1]);
  });

  test('that is imported again changes nothing', async () => {
    const caller = await createCaller();
    const [first, second] = [await caller.importAll(exportOf(DAYS)), await caller.importAll(exportOf(DAYS))];

    const sent = first.at(-1)?.report?.newEventCount;
    expect(sent).toBeGreaterThan(10);
    expect(second.at(-1)?.report).toMatchObject({ newEventCount: 0, knownEventCount: sent, appliedCount: 0 });
    expect((await caller.squat())?.version).toBe(6);
  });

  test('that is longer adds only what is new', async () => {
    const caller = await createCaller();
    await caller.importAll(exportOf(DAYS.slice(0, 2)));
    expect((await caller.squat())?.value).toBe('105');

    const [answer] = (await caller.importAll(exportOf(DAYS))).slice(-1);
    expect(answer?.report?.appliedCount).toBe(3);
    expect((await caller.squat())?.value).toBe('112.5');
    expect(await caller.sets()).toHaveLength(10);
  });

  test('whose import was cut goes on with the same call', async () => {
    const caller = await createCaller();
    for await (const { importedSessions } of caller.stream(exportOf(DAYS))) {
      if (importedSessions === 2) {
        break;
      }
    }
    // The slot of the cut call is free once the server has noticed.
    await expect.poll(() => caller.importAll(exportOf(DAYS)).catch(() => [])).toHaveLength(7);
    expect((await caller.squat())?.value).toBe('112.5');
    expect(await caller.sets()).toHaveLength(10);
  });

  test('is only read with validate_only', async () => {
    const caller = await createCaller();
    const answers = await caller.importAll(exportOf(DAYS), { validateOnly: true });

    expect(answers.at(-1)).toMatchObject({ sessionCount: 5, importedSessions: 0, report: { setCount: 10 } });
    expect(await caller.sets()).toEqual([]);
  });

  test('trains the lifts that the call names for its exercises', async () => {
    const caller = await createCaller();
    const exercises = [
      { exercise: 'LEG  press', liftSlug: 'squat' },
      { exercise: 'Squat (Barbell)', liftSlug: '' },
    ];
    const [answer] = (await caller.importAll(exportOf(DAYS.slice(0, 1)), { exercises })).slice(-1);

    expect(answer?.report).toMatchObject({ setCount: 1, unused: [{ example: 'Squat (Barbell)', count: 2 }] });
  });
});

describe('a file is refused, and nothing is written,', () => {
  const exercises = [{ exercise: 'Leg Press', liftSlug: 'leg-press' }];
  test.each<[string, Uint8Array, Request, string, string]>([
    ['without content', new Uint8Array(), {}, 'content', 'from 1 to 20971520 bytes; has 0'],
    ['of another kind', Buffer.from('a,b\n1,2\n'), {}, 'content', 'no training log that is known'],
    ['with more than 20 MiB', new Uint8Array(20 * 1024 * 1024 + 1), {}, 'content', 'has 20971521'],
    [
      'with no row that can be used',
      exportOf(DAYS.slice(0, 1), 0),
      { exercises: [{ exercise: 'Leg Press', liftSlug: '' }] },
      'content',
      'without a weight',
    ],
    ['with an order of dates that it does not show', exportOf(['03/04/2024']), {}, 'date_order', 'day'],
    [
      'with a lift that the program lacks',
      exportOf(DAYS),
      { exercises },
      'exercises[0].lift_slug',
      'lift of the program (squat)',
    ],
  ])('%s', async (_, content, rest, field, text) => {
    const caller = await createCaller();
    const refusal = await refusalOf(caller.importAll(content, rest));

    expect(refusal).toMatchObject({ reason: 'VALIDATION_FAILED', fields: [field] });
    expect(refusal.text).toContain(text);
    expect(await caller.sets()).toEqual([]);
  });

  test('unless the call says the order of its dates', async () => {
    const caller = await createCaller();
    await caller.importAll(exportOf(['03/04/2024']), { dateOrder: DateOrder.MONTH_FIRST });

    const [set] = await caller.sets();
    expect(set?.performedAt?.seconds).toBe(BigInt(Date.UTC(2024, 2, 4, 18) / 1000));
  });
});
