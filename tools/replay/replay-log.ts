/** Replays one training log against one service, and reports. */
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { ASSUMED_UNIT, findProgram } from './find-program.ts';
import { play } from './play.ts';
import { planReplay } from './replay-plan.ts';
import type { ReplayedProgram } from './replayed-program.ts';
import { eventLines, LEGEND, rowLines, sessionLines, summaryLines } from './report.ts';
import type { ServiceClients } from './service-clients.ts';
import { groupSessions, type TrainedSession } from './sessions.ts';
import { createSteering } from './steering.ts';
import { ReplayError, type TrainingLog, UNUSED_REASONS, type UnusedRow } from './training-log.ts';

export interface ReplayRequest {
  readonly clients: ServiceClients;
  readonly log: TrainingLog;
  /** Undefined: the log's own program, or the one of the catalogue that fits best. */
  readonly programSlug: string | undefined;
  /** Told how far it is. */
  readonly onProgress: (done: number, total: number) => void;
}

/** The report's lines. Throws ReplayError and ConnectError. */
export async function replayLog(request: ReplayRequest): Promise<string[]> {
  const { clients, log, onProgress } = request;
  const program = await findProgram(clients.programs, log, request.programSlug);
  const { sessions, unused: unusedByProgram } = groupSessions(log.entries, program);
  const unused = [...log.unused, ...unusedByProgram].toSorted((a, b) => a.line - b.line);
  requireSessions(sessions, log, program, unused);

  const plan = planReplay(program, sessions);
  const steering = createSteering();
  let done = 0;
  onProgress(done, plan.steps.length);
  const counts = await play(clients, plan, program.id, (step, answer) => {
    steering.take(step, answer);
    done += 1;
    onProgress(done, plan.steps.length);
  });

  const names = new Map([...program.lifts].map(([slug, id]) => [id, slug]));
  const lifts = steering.lifts();
  const ends = await currentMaxes(clients, plan.userId);
  return [
    describeReplay(request, program, sessions),
    `athlete: ${plan.userId}`,
    '',
    LEGEND,
    ...lifts.flatMap(({ liftId, sessions: each }) => [
      '',
      ...sessionLines(names.get(liftId) ?? liftId, each),
    ]),
    '',
    ...summaryLines(lifts, names, ends),
    '',
    ...rowLines(log.rowCount, unused),
    ...eventLines(counts),
  ];
}

function requireSessions(
  sessions: readonly TrainedSession[],
  { rowCount }: TrainingLog,
  { slug, lifts }: ReplayedProgram,
  unused: readonly UnusedRow[],
): void {
  if (sessions.length === 0) {
    const reasons = Map.groupBy(unused, ({ reason }) => reason);
    const counted = [...reasons].map(([reason, rows]) => `${UNUSED_REASONS[reason]}: ${rows.length}`);
    const trained = [...lifts.keys()].join(', ') || 'no lift';
    throw new ReplayError(
      `none of the ${rowCount} rows can be replayed on ${slug}, which trains ${trained}` +
        (counted.length > 0 ? ` (${counted.join('; ')})` : ''),
    );
  }
}

function describeReplay(
  { log, programSlug }: ReplayRequest,
  program: ReplayedProgram,
  sessions: readonly TrainedSession[],
): string {
  const chosen =
    (programSlug ?? log.programSlug) ? '' : ' (of the catalogue, it trains most rows of the log)';
  const named = log.entries.some(({ unit }) => unit !== null);
  const unit = program.unit ?? ASSUMED_UNIT;
  const assumed = named ? '' : `; the log names no unit, its weights are taken as ${unit}`;
  return `${log.formatName} log: ${sessions.length} sessions on ${program.slug}${chosen}${assumed}`;
}

/** The training maxes as the service has them now, by lift id. */
async function currentMaxes({ progression }: ServiceClients, userId: string): Promise<Map<string, string>> {
  const maxes = new Map<string, string>();
  let pageToken = '';
  do {
    const page = await progression.listLiftMaxes({ userId, pageSize: 500, pageToken });
    for (const { liftId, maxType, value } of page.liftMaxes) {
      if (maxType === MaxType.TRAINING_MAX) {
        maxes.set(liftId, value);
      }
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return maxes;
}
