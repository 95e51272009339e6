/** The closed table of triggers. To add one: its file, a row here, the proto message and its mapping. */
import type { Snapshot } from '../snapshot.ts';
import type { EventDetail, TriggerEvent } from '../trigger-event.ts';
import { manual } from './manual.ts';
import { cycleCompleted, weekAdvanced } from './period-ended.ts';
import { sessionCompleted } from './session-completed.ts';
import { setsLogged } from './sets-logged.ts';
import type { Step, Trigger } from './trigger.ts';

const TRIGGERS = {
  SESSION_COMPLETED: sessionCompleted,
  WEEK_ADVANCED: weekAdvanced,
  CYCLE_COMPLETED: cycleCompleted,
  SETS_LOGGED: setsLogged,
  MANUAL: manual,
} as const satisfies { [T in EventDetail['type']]: Trigger<Extract<EventDetail, { type: T }>> };

/** The steps of an event, in order. */
export function stepsOf(event: TriggerEvent, snapshot: Snapshot): Step[] {
  // The table pairs each event type with its own trigger, which TypeScript cannot express when a union
  // indexes it.
  const trigger = TRIGGERS[event.detail.type] as Trigger<EventDetail>;
  return trigger(event, snapshot);
}
