/** DiscardDeadLetters: gives up for good what could not be evaluated. */
import { type DiscardDeadLettersRequest, EventService } from '../gen/automation/v1/event_service_pb.ts';
import type { Change } from '../store/change.ts';
import { lockLetters, settleLetters } from './settle-dead-letters.ts';

/** Answers with how many there were to give up; those that are settled stay as they are. DEAD_LETTER_NOT_FOUND. */
export async function discardDeadLetters(
  change: Change,
  { deadLetterIds, reason }: DiscardDeadLettersRequest,
): Promise<number> {
  const letters = await lockLetters(change.tx, deadLetterIds);
  const { name: action } = EventService.method.discardDeadLetters;
  settleLetters(change, letters, { state: 'DISCARDED', nextAttemptAt: null }, { action, reason });
  return letters.length;
}
