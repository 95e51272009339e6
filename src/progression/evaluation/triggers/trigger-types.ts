/** The closed table of triggers. Adding one: its file, a row here, the proto message and its mapping. */
import type { Snapshot } from '../snapshot.ts';
import type { EventDetail, TriggerEvent } from '../trigger-event.ts';
import { manual } from './manual.ts';
import { sessionCompleted } from './session-completed.ts';
import { setsLogged } from './sets-logged.ts';
import { cycleCompleted, weekAdvanced } from './stretch-ended.ts';
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
  // The table's type pairs each event type with its own trigger; indexing by a union loses the pairing.
  const trigger = TRIGGERS[event.detail.type] as Trigger<EventDetail>;
  return trigger(event, snapshot);
}
