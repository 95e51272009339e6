/** Keeps the commands of each athlete in order: while one waits for a group or is in flight, the later ones are not ready. */
import type { ReadyCommand, ReadyCommands } from './ready-commands.ts';
import type { CommandAnswer, TriggerCommand } from './trigger-command.ts';

/** A command that waits. Times are those of `performance.now()`. */
export interface WaitingCommand extends ReadyCommand {
  readonly command: TriggerCommand;
  readonly resolve: (answer: CommandAnswer) => void;
  readonly reject: (error: unknown) => void;
  /** Of commands that are not ready yet, the time of their submission. */
  readyAtMs: number;
}

/** Waits from `submittedAtMs` on. */
export function waitingCommandOf(
  command: TriggerCommand,
  submittedAtMs: number,
  outcome: Pick<WaitingCommand, 'resolve' | 'reject'>,
): WaitingCommand {
  const { accountId, method, requestId, userId } = command;
  const request = `${method} ${requestId ?? userId}`;
  return { command, accountId, request, submittedAtMs, readyAtMs: submittedAtMs, ...outcome };
}

export interface AthleteOrder {
  /** Commands that wait for a group, those that are not ready included. */
  readonly waiting: number;
  /** A command was submitted. */
  add(command: WaitingCommand): void;
  /** A group takes these commands, all of which are ready: their athletes have a command in flight. */
  begin(group: readonly WaitingCommand[]): void;
  /** A command that a group took is settled: the next one of its athlete is ready. */
  settle(command: WaitingCommand, nowMs: number): void;
  /** Takes out, and gives, waiting commands whose caller waits no longer, or that follow a refusal of their sequence. */
  removeOver(nowMs: number): WaitingCommand[];
}

/** The commands of an athlete. */
interface Lane {
  /** In order of submission. */
  waiting: WaitingCommand[];
  isInFlight: boolean;
}

/** Keeps `ready` up to date. */
export function createAthleteOrder(ready: ReadyCommands<WaitingCommand>): AthleteOrder {
  /** Of athletes with commands that wait or are in flight. */
  const lanes = new Map<string, Lane>();
  let waiting = 0;

  function makeFirstReady(lane: Lane, athlete: string, nowMs: number): void {
    const [first] = lane.waiting;
    if (first) {
      first.readyAtMs = nowMs;
      ready.add(first);
    } else {
      lanes.delete(athlete);
    }
  }

  return {
    get waiting() {
      return waiting;
    },
    add(command) {
      const athlete = athleteOf(command);
      const lane = lanes.get(athlete);
      waiting += 1;
      if (lane) {
        lane.waiting.push(command);
      } else {
        lanes.set(athlete, { waiting: [command], isInFlight: false });
        ready.add(command);
      }
    },
    begin(group) {
      ready.begin(group);
      waiting -= group.length;
      for (const command of group) {
        const lane = lanes.get(athleteOf(command));
        lane?.waiting.shift();
        if (lane) {
          lane.isInFlight = true;
        }
      }
    },
    settle(command, nowMs) {
      const athlete = athleteOf(command);
      const lane = lanes.get(athlete);
      if (lane) {
        lane.isInFlight = false;
        makeFirstReady(lane, athlete, nowMs);
      }
    },
    removeOver(nowMs) {
      const removed: WaitingCommand[] = [];
      for (const [athlete, lane] of lanes) {
        if (lane.waiting.some(isOver)) {
          const [first] = lane.waiting;
          removed.push(...lane.waiting.filter(isOver));
          lane.waiting = lane.waiting.filter((each) => !isOver(each));
          if (first && !lane.isInFlight && first !== lane.waiting[0]) {
            ready.remove(first);
            makeFirstReady(lane, athlete, nowMs);
          }
        }
      }
      waiting -= removed.length;
      return removed;
    },
  };
}

function athleteOf({ command: { accountId, userId } }: WaitingCommand): string {
  return `${accountId} ${userId}`;
}

function isOver({ command: { signal, sequence } }: WaitingCommand): boolean {
  return signal.aborted || sequence?.refusal !== undefined;
}
