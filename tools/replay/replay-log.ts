/** Replays one training log against one service, and reports. */

import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import type { ExerciseMapping } from '../../src/training-logs/lift-names.ts';
import { groupSessions, type TrainedSession } from '../../src/training-logs/sessions.ts';
import type { TrainingLog } from '../../src/training-logs/training-log.ts';
import type { UnusedRow } from '../../src/training-logs/unused-rows.ts';
import { dryRunLines } from './dry-run.ts';
import { findKnownSessions } from './find-athlete.ts';
import { type FoundProgram, findProgram } from './find-program.ts';
import { play } from './play.ts';
import { nothingUsable, ReplayError } from './refusal.ts';
import { planReplay } from './replay-plan.ts';
import type { ReplayedProgram } from './replayed-program.ts';
import {
  athleteLine,
  copiesLines,
  eventLines,
  LEGEND,
  rowLines,
  sessionLines,
  summaryLines,
} from './report.ts';
import type { ServiceClients } from './service-clients.ts';
import { createSteering } from './steering.ts';

export interface ReplayRequest {
  readonly clients: ServiceClients;
  readonly log: TrainingLog;
  readonly mapping: ExerciseMapping;
  /** Undefined: the log's own program, that of its earlier replay, or the one of the catalogue that fits best. */
  readonly programSlug: string | undefined;
  /** Reports what would be done, and writes nothing. */
  readonly isDryRun: boolean;
  /** Called with the progress. */
  readonly onProgress: (done: number, total: number) => void;
}

/** The report's lines. Throws ReplayError and ConnectError. */
export async function replayLog(request: ReplayRequest): Promise<string[]> {
  const { clients, log, mapping, onProgress } = request;
  if (log.sets.length === 0) {
    throw nothingUsable(log.faults, `none of the ${log.rowCount} rows can be used`);
  }
  const { program, choice } = await findProgram(clients.programs, {
    ...request,
    async wasReplayedOn(candidate) {
      const { sessions: known } = groupSessions(log.sets, candidate, mapping);
      return (await findKnownSessions(clients.users, planReplay(candidate, known))) > 0;
    },
  });
  requireMappedLifts(mapping, program);
  const { sessions, unused: unusedByProgram } = groupSessions(log.sets, program, mapping);
  const unused = [...log.faults, ...unusedByProgram].toSorted((a, b) => a.line - b.line);
  requireSessions(sessions, log, program, unused);

  const plan = planReplay(program, sessions);
  const known = await findKnownSessions(clients.users, plan);
  const athlete = plan.athleteOf(known === 0 ? plan.sessionCount : known);
  const head = [
    describeReplay(log, program, choice, sessions),
    ...copiesLines(log.faults),
    athleteLine(request.isDryRun && known === 0 ? null : athlete.userId, known, plan.sessionCount),
  ];
  const rows = rowLines(log.rowCount, unused, usedLines(log, unusedByProgram));
  if (request.isDryRun) {
    return dryRunLines({ head, rows, plan, program, log, mapping });
  }

  const steering = createSteering();
  let done = 0;
  onProgress(done, plan.steps.length);
  const counts = await play(clients, plan, athlete, program.id, (step, answer) => {
    steering.take(step, answer);
    done += 1;
    onProgress(done, plan.steps.length);
  });

  const names = new Map([...program.lifts].map(([slug, id]) => [id, slug]));
  const lifts = steering.lifts();
  const ends = await currentMaxes(clients, athlete.userId);
  return [
    ...head,
    '',
    LEGEND,
    ...lifts.flatMap(({ liftId, sessions: each }) => [
      '',
      ...sessionLines(names.get(liftId) ?? liftId, each),
    ]),
    '',
    ...summaryLines(lifts, names, ends),
    '',
    ...rows,
    ...eventLines(counts),
  ];
}

function requireMappedLifts(mapping: ExerciseMapping, { slug, lifts }: ReplayedProgram): void {
  for (const [exercise, lift] of mapping) {
    if (lift !== null && !lifts.has(lift)) {
      const trained = [...lifts.keys()].join(', ');
      throw new ReplayError(
        `the mapping says that "${exercise}" is ${lift}, which is no lift of ${slug}; its lifts are ${trained}`,
      );
    }
  }
}

function requireSessions(
  sessions: readonly TrainedSession[],
  { rowCount }: TrainingLog,
  { slug, lifts }: ReplayedProgram,
  unused: readonly UnusedRow[],
): void {
  if (sessions.length === 0) {
    const trained = [...lifts.keys()].join(', ') || 'no lift';
    throw nothingUsable(
      unused,
      `none of the ${rowCount} rows can be replayed on ${slug}, which trains ${trained}`,
    );
  }
}

/** The lines of rows of which a set is replayed. */
function usedLines({ sets }: TrainingLog, unusedByProgram: readonly UnusedRow[]): Set<number> {
  const setsLeft = new Map<number, number>();
  for (const { line } of sets) {
    setsLeft.set(line, (setsLeft.get(line) ?? 0) + 1);
  }
  for (const { line } of unusedByProgram) {
    setsLeft.set(line, (setsLeft.get(line) ?? 0) - 1);
  }
  return new Set([...setsLeft].filter(([, left]) => left > 0).map(([line]) => line));
}

const CHOICES: Record<FoundProgram['choice'], string> = {
  GIVEN: '',
  EARLIER_REPLAY: ' (on which it was replayed before)',
  BEST_FIT: ' (of the catalogue, it trains most rows of the log)',
};

function describeReplay(
  log: TrainingLog,
  program: ReplayedProgram,
  choice: FoundProgram['choice'],
  sessions: readonly TrainedSession[],
): string {
  const isNamed = log.sets.every(({ unit }) => unit !== null);
  const assumed =
    isNamed || program.unit === null
      ? ''
      : `; the log names no unit, its weights are taken as ${program.unit}, the program's`;
  return `${log.formatName} log: ${sessions.length} sessions on ${program.slug}${CHOICES[choice]}${assumed}`;
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
