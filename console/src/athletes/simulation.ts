/** The next twelve weeks of an athlete who meets every target, with five repetitions in AMRAP sets. */
import { useQuery } from '@tanstack/react-query';
import type { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import type { Program } from '../../../src/gen/progression/v1/program_service_pb.ts';
import type { SimulatedEvent } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { progressions } from '../calls/clients.ts';

export const SIMULATED_WEEKS = 12;
export const SIMULATED_AMRAP_REPS = 5;
const WEEK_MS = 7 * 24 * 3600 * 1000;

export function useSimulation(userId: string, isWanted: boolean) {
  return useQuery({
    queryKey: ['simulation', { input: { userId } }],
    enabled: isWanted,
    retry: false,
    queryFn: ({ signal }) =>
      progressions.simulateProgressions(
        {
          userId,
          horizon: { case: 'weeks', value: SIMULATED_WEEKS },
          performance: { amrapReps: SIMULATED_AMRAP_REPS },
        },
        { signal },
      ),
  });
}

export interface SimulatedPoint {
  readonly atMs: number;
  readonly value: number;
}

/** One max through the simulation. The service simulates weeks without dates: the first begins at `startMs`. */
export function pointsOf(
  events: readonly SimulatedEvent[],
  program: Program,
  { liftId, maxType, startMs }: { liftId: string; maxType: MaxType; startMs: number },
): SimulatedPoint[] {
  const weeksPerCycle = Math.max(1, program.weeksPerCycle);
  const perWeek = Math.max(1, program.sessionsPerWeek);
  return events.flatMap(({ cycle, week, session, outcome }) => {
    const result = outcome?.results.findLast(
      (each) => each.applied && each.liftId === liftId && each.maxType === maxType,
    );
    const weekIndex = (cycle - 1) * weeksPerCycle + week - 1;
    // Week and cycle events come at the end of their week.
    const share = session > 0 ? (((session - 1) % perWeek) + 1) / (perWeek + 1) : 1;
    return result ? [{ atMs: startMs + (weekIndex + share) * WEEK_MS, value: Number(result.newValue) }] : [];
  });
}
