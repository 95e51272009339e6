/** The report of a replay: prescribed and lifted weights by session and in total; then the use of the rows. */
import { Decimal } from 'decimal.js';
import { UNUSED_REASONS, type UnusedReason, type UnusedRow } from '../../src/training-logs/unused-rows.ts';
import { instantToText } from '../../src/values/instant.ts';
import type { EventCounts } from './play.ts';
import type { SteeredLift, SteeredSession } from './steering.ts';
import { alignColumns, lineRanges, printable, wrapCells } from './text-layout.ts';

export const LEGEND =
  'Each session: day prescribed/lifted, each the heaviest work set; - where the program prescribes no load that day.\n' +
  '! a set missed its target, v the service took weight off. Rules look at repetitions: a target met with less\n' +
  'weight than prescribed is met all the same.';

/** A block for one lift: its sessions, a line or more for each month. */
export function sessionLines(name: string, sessions: readonly SteeredSession[]): string[] {
  const months = Map.groupBy(sessions, ({ at }) => instantToText(at).slice(0, 7));
  const width = Math.max(...sessions.map((session) => cellOf(session).length));
  const paddedCell = (session: SteeredSession) => cellOf(session).padEnd(width);
  return [
    printable(name),
    ...[...months].flatMap(([month, inMonth]) => {
      const label = `  ${month}  `;
      return wrapCells(label, inMonth.map(paddedCell), { separator: '  ', indent: label.length });
    }),
  ];
}

function cellOf({ at, prescribed, lifted, isMissed, isDeloaded }: SteeredSession): string {
  const marks = `${isMissed ? '!' : ''}${isDeloaded ? 'v' : ''}`;
  return `${instantToText(at).slice(8, 10)} ${prescribed?.toFixed() ?? '-'}/${lifted.toFixed()}${marks}`;
}

const HEADER = ['lift', 'sessions', 'sets', 'misses', 'deloads', 'start', 'end', 'last lifted'];
const DIFFERENCES = ['prescribed - lifted: mean', 'least', 'most'];

/** A row for each lift; `names` and `ends`, the current training maxes, by lift id. */
export function summaryLines(
  lifts: readonly SteeredLift[],
  names: ReadonlyMap<string, string>,
  ends: ReadonlyMap<string, string>,
): string[] {
  const rows = lifts.map(({ liftId, start, sessions, sets, misses, deloads }) => [
    printable(names.get(liftId) ?? liftId),
    ...[sessions.length, sets, misses, deloads].map(String),
    ...[start.toFixed(), ends.get(liftId) ?? '', sessions.at(-1)?.lifted.toFixed() ?? ''],
    ...differencesOf(sessions),
  ]);
  return alignColumns([[...HEADER, ...DIFFERENCES], ...rows]);
}

function differencesOf(sessions: readonly SteeredSession[]): string[] {
  const differences = sessions.flatMap(({ prescribed, lifted }) => prescribed?.minus(lifted) ?? []);
  if (differences.length === 0) {
    return DIFFERENCES.map(() => '-');
  }
  const mean = Decimal.sum(...differences).div(differences.length);
  const shown = [mean.toDecimalPlaces(1), Decimal.min(...differences), Decimal.max(...differences)];
  return shown.map((value) => `${value.gt(0) ? '+' : ''}${value.toFixed()}`);
}

/** The athlete of the replay, and the number of known sessions; null: an athlete that does not exist yet. */
export function athleteLine(userId: string | null, knownSessions: number, sessions: number): string {
  const added = sessions - knownSessions;
  const id = userId === null ? '' : ` ${userId}`;
  if (knownSessions === 0) {
    return `athlete:${id} (new)`;
  }
  return added === 0
    ? `athlete:${id} (known from an earlier replay of these ${sessions} sessions)`
    : `athlete:${id} (known from an earlier replay of the first ${knownSessions} of ${sessions} sessions)`;
}

/** Says that the file holds sets twice; nothing when it does not. */
export function copiesLines(unused: readonly UnusedRow[]): string[] {
  const copies = new Set(unused.filter(({ reason }) => reason === 'COPY').map(({ line }) => line)).size;
  return copies === 0
    ? []
    : [`the file has ${copies} rows twice, as files joined from two copies do; each set counts once`];
}

/**
 * The number of rows, and each unused row: by reason, then by exercise or by the text that was found. Rows of
 * several exercises can be used in part.
 */
export function rowLines(
  rowCount: number,
  unused: readonly UnusedRow[],
  used: ReadonlySet<number>,
): string[] {
  const inPart = new Set(unused.map(({ line }) => line).filter((line) => used.has(line))).size;
  const part = inPart === 0 ? '' : ` (${inPart} in part)`;
  const lines = [`rows: ${rowCount} read, ${used.size} used${part}, ${rowCount - used.size} not used`];
  const reasons = Object.keys(UNUSED_REASONS) as UnusedReason[];
  for (const reason of reasons) {
    const rows = unused.filter((row) => row.reason === reason);
    if (rows.length > 0) {
      lines.push(`  ${UNUSED_REASONS[reason]}: ${rows.length}`);
    }
    for (const [detail, same] of Map.groupBy(rows, (row) => row.detail)) {
      const where = lineRanges([...new Set(same.map(({ line }) => line))]);
      const label = `    ${printable(detail)}: ${same.length}, in `;
      lines.push(...wrapCells(label, where, { separator: ', ', indent: 6 }));
    }
  }
  return lines;
}

/** The calls that were sent, and whether anything changed. */
export function eventLines({ events, setUp }: EventCounts): string[] {
  const sent = events.applied + events.skipped + events.replayed;
  const known = events.replayed + setUp.replayed;
  const isNothingNew = known === sent + setUp.sent;
  const { applied, skipped, replayed } = events;
  return [
    `set-up: ${setUp.sent} calls (athlete, enrollment, starting maxes), ${setUp.replayed} of them known`,
    `events: ${sent} sent, ${applied} applied, ${skipped} skipped (no rule applied), ${replayed} replayed`,
    ...(isNothingNew ? [`nothing changed: all ${sent} events were known`] : []),
  ];
}
