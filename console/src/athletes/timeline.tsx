/** What happened to an athlete, newest first: sessions, and changes that came without one. */
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { useInfiniteQuery, useQuery } from '@connectrpc/connect-query';
import { TriggerType } from '../../../src/gen/progression/v1/common_pb.ts';
import type { Program } from '../../../src/gen/progression/v1/program_service_pb.ts';
import {
  type CompletedSession,
  type ProgressionLog,
  ProgressionService,
} from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { MoreButton } from '../parts/more-button.tsx';
import { Answer, Nothing } from '../parts/states.tsx';
import { formatShortDay, formatWeight, type ShownUnit } from '../words/formats.ts';
import type { Names } from '../words/names.ts';
import { SessionEntry } from './session-entry.tsx';

export interface TimelineProps {
  readonly userId: string;
  readonly names: Names;
  readonly program: Program | undefined;
  readonly shown: ShownUnit;
}

const PAGE = 12;

export function Timeline(props: TimelineProps) {
  const { userId } = props;
  const sessions = useInfiniteQuery(
    ProgressionService.method.listSessions,
    { userId, pageSize: PAGE, pageToken: '', includeTotalSize: true },
    { pageParamKey: 'pageToken', getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  const logs = useQuery(ProgressionService.method.listProgressionLogs, { userId, pageSize: 500 });
  return (
    <section className="panel" aria-labelledby="timeline-heading">
      <h2 id="timeline-heading">Timeline</h2>
      <Answer query={sessions}>
        {({ pages }) => {
          const shownSessions = pages.flatMap((page) => page.sessions);
          const oldest = sessions.hasNextPage ? shownSessions.at(-1) : undefined;
          const entries = mergeEntries(shownSessions, groupChanges(logs.data?.logs ?? []), oldest);
          return entries.length === 0 ? (
            <Nothing>Nothing has been reported yet.</Nothing>
          ) : (
            <>
              <ol className="timeline">
                {entries.map((entry) =>
                  entry.session ? (
                    <SessionEntry key={entry.session.sessionId} session={entry.session} {...props} />
                  ) : (
                    <ChangeEntry key={entry.changes[0]?.id} changes={entry.changes} {...props} />
                  ),
                )}
              </ol>
              <MoreButton query={sessions} />
            </>
          );
        }}
      </Answer>
    </section>
  );
}

interface Entry {
  readonly atMs: number;
  readonly session: CompletedSession | undefined;
  readonly changes: readonly ProgressionLog[];
}

/** What happens without a session; the outcome of a session has its other applications. */
const WITHOUT_SESSION: ReadonlySet<TriggerType> = new Set([
  ...[TriggerType.AFTER_WEEK, TriggerType.AFTER_CYCLE, TriggerType.MANUAL],
]);

/** Applications that no session brought, by event. */
function groupChanges(logs: readonly ProgressionLog[]): readonly ProgressionLog[][] {
  const without = logs.filter((log) => WITHOUT_SESSION.has(log.triggerType));
  const eventOf = (log: ProgressionLog) =>
    `${log.triggerType} ${log.appliedAt?.seconds} ${log.appliedAt?.nanos} ${log.triggerContext?.revertedLogId}`;
  return [...Map.groupBy(without, eventOf).values()];
}

/** Newest first; changes from before the oldest session that is shown wait for its page. */
function mergeEntries(
  sessions: readonly CompletedSession[],
  groups: readonly ProgressionLog[][],
  oldest: CompletedSession | undefined,
): Entry[] {
  const sinceMs = oldest?.completedAt ? timestampMs(oldest.completedAt) : Number.NEGATIVE_INFINITY;
  const entries = [
    ...sessions.map((session) => ({ at: session.completedAt, session, changes: [] })),
    ...groups.map((changes) => ({ at: changes[0]?.appliedAt, session: undefined, changes })),
  ];
  return entries
    .map(({ at, ...entry }) => ({ ...entry, atMs: at ? timestampMs(at) : 0 }))
    .filter(({ atMs }) => atMs >= sinceMs)
    .sort((a, b) => b.atMs - a.atMs);
}

function ChangeEntry({
  changes,
  names,
  program,
  shown,
}: TimelineProps & { changes: readonly ProgressionLog[] }) {
  const [first] = changes;
  if (!first) {
    return null;
  }
  const stored = program?.unit ?? 0;
  return (
    <li className="entry entry-change">
      <p className="entry-head">
        <span className="quiet">{formatShortDay(first.appliedAt)}</span> <strong>{headOf(first)}</strong>
      </p>
      <ul className="outcomes">
        {changes.map((log) => {
          const change = Number(log.newValue) - Number(log.previousValue);
          return (
            <li key={log.id} className={change > 0 ? 'up' : change < 0 ? 'down' : 'held'}>
              {names.lift(log.liftId)} from {formatWeight(log.previousValue, stored, shown)} to{' '}
              {formatWeight(log.newValue, stored, shown)} ({names.rule(log.progressionId)})
              {log.triggerContext?.reason && ` – “${log.triggerContext.reason}”`}
              {log.revertedByLogId && <span className="state">undone since</span>}
            </li>
          );
        })}
      </ul>
    </li>
  );
}

function headOf({ triggerType, triggerContext: context }: ProgressionLog): string {
  if (context?.revertedLogId) {
    return 'A change was undone';
  }
  switch (triggerType) {
    case TriggerType.AFTER_WEEK:
      return `Week ${context?.weekNumber} of cycle ${context?.cycleIteration} ended`;
    case TriggerType.AFTER_CYCLE:
      return `Cycle ${context?.cycleIteration} ended`;
    default:
      return context?.actor ? `By hand, by ${context.actor}` : 'By hand';
  }
}
