/** CorrectSets: changes or removes logged sets, with a trace; the session is decided again for their lifts. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Limits } from '../config/config.ts';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
import type {
  CorrectSetsRequest,
  CorrectSetsResponseSchema,
  SetCorrection,
} from '../gen/progression/v1/progression_service_pb.ts';
import type { Change } from '../store/change.ts';
import { lockUser } from '../store/lock-user.ts';
import { compensationMessage } from './engine/compensate.ts';
import { correctSession, loadSetsOf, type PlacedSet } from './engine/correct-session.ts';
import { failureCounterMessage } from './engine/lift-max-message.ts';
import type { ProgramLoader } from './engine/load-program.ts';
import { correctedOutcome } from './engine/outcome-message.ts';
import { auditPutRight } from './engine/put-right.ts';
import { occurredAtOf } from './engine/submit-trigger.ts';
import type { StoredSet } from './evaluation/trigger-event.ts';
import { loggedSetMessage, readPerformedSet } from './log-sets.ts';

/**
 * USER_NOT_FOUND, LOGGED_SET_NOT_FOUND, NOT_ENROLLED, EARLIER_ENROLLMENT, NOT_LATEST_APPLICATION; VALIDATION_FAILED for
 * a set that is named twice, or a time that is refused.
 */
export async function correctSets(
  change: Change,
  { userId, sessionId, corrections, reason }: CorrectSetsRequest,
  programs: ProgramLoader,
  limits: Limits,
): Promise<MessageInitShape<typeof CorrectSetsResponseSchema>> {
  await lockUser(change.tx, userId);
  refuseRepeated(corrections);
  const sets = await loadSetsOf(change.tx, userId, sessionId);
  const changes = corrections.map(({ change: asked }, position) => {
    const before = requireSet(sets, sessionId, asked.value);
    if (asked.case !== 'set') {
      return { before, after: null };
    }
    const { performedAt } = asked.value;
    const field = `corrections[${position}].set.performed_at`;
    const at = performedAt && occurredAtOf(performedAt, field, change.now, limits);
    const performed = readPerformedSet(asked.value);
    return { before, after: { ...performed, id: before.id, performedAt: at ?? before.performedAt } };
  });
  const correction = { userId, sessionId, changes, reason, method: 'CorrectSets' } as const;
  const made = await correctSession(change, correction, programs);
  const setIds = changes.map(({ before }) => before.id);
  auditPutRight(change, { ...correction, targetId: sessionId, before: { setIds } }, made);
  const messageOf = (set: StoredSet) => loggedSetMessage(sessionId, { set, isAlreadyLogged: false });
  return {
    sets: changes.flatMap(({ after }) => (after ? [messageOf(after)] : [])),
    removedSets: changes.flatMap(({ before, after }) => (after ? [] : [messageOf(before)])),
    outcome: correctedOutcome(userId, made),
    compensations: made.compensations.map(compensationMessage),
    failureCounters: made.counters.map((counter) => failureCounterMessage(userId, counter)),
  };
}

interface NamedSet {
  readonly liftId: string;
  readonly setNumber: number;
}

function requireSet(sets: readonly PlacedSet[], sessionId: string, named: NamedSet | undefined): PlacedSet {
  const { liftId = '', setNumber = 0 } = named ?? {};
  const found = sets.find((set) => set.liftId === liftId && set.setNumber === setNumber);
  if (!found) {
    throw new DomainError(
      'LOGGED_SET_NOT_FOUND',
      `session ${sessionId} has no set ${setNumber} of lift ${liftId}`,
      { metadata: { sessionId, liftId, setNumber: String(setNumber) } },
    );
  }
  return found;
}

function refuseRepeated(corrections: readonly SetCorrection[]): void {
  const seen = new Set<string>();
  const violations = corrections.flatMap(({ change: { value } }, position) => {
    const number = `${value?.liftId} ${value?.setNumber}`;
    const isRepeated = seen.has(number);
    seen.add(number);
    return isRepeated
      ? [{ field: `corrections[${position}]`, description: 'names a set a second time' }]
      : [];
  });
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
}
