/** RedriveDeadLetters: sends what could not be evaluated on its way again. */
import type { Limits } from '../config.ts';
import { invalidFields } from '../domain-error.ts';
import { EventService, type RedriveDeadLettersRequest } from '../gen/automation/v1/event_service_pb.ts';
import type { Change } from '../store/change.ts';
import { lockDeadLetters, lockLetters, settleLetters } from './settle-dead-letters.ts';

/**
 * From now on they are due, with all their tries before them; answers with how many. Letters that are settled stay as
 * they are. DEAD_LETTER_NOT_FOUND; VALIDATION_FAILED for a trigger beside ids.
 */
export async function redriveDeadLetters(
  change: Change,
  { deadLetterIds, triggerId }: RedriveDeadLettersRequest,
  { redrivenDeadLetters }: Pick<Limits, 'redrivenDeadLetters'>,
): Promise<number> {
  const { tx, now } = change;
  if (deadLetterIds.length > 0 && triggerId) {
    throw invalidFields([{ field: 'trigger_id', description: 'must be empty beside dead_letter_ids' }]);
  }
  const letters =
    deadLetterIds.length > 0
      ? await lockLetters(tx, deadLetterIds)
      : await lockDeadLetters(tx, triggerId, redrivenDeadLetters);
  const { name: action } = EventService.method.redriveDeadLetters;
  settleLetters(
    change,
    letters,
    { state: 'RETRYING', attempts: 0, nextAttemptAt: now },
    { action, reason: '' },
  );
  return letters.length;
}
