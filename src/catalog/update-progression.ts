/** UpdateProgression: another name or other parameters, for every program that uses the rule from now on. */
import { LockMode } from '@mikro-orm/core';
import { invalidFields } from '../domain-error.ts';
import { audit, type Change } from '../store/change.ts';
import type { Progression } from '../store/entities/progression.ts';
import { reviseProgramsUsing } from './program-revision.ts';
import { auditedProgression, getProgression } from './progressions.ts';
import type { JsonRule } from './rule-to-stored.ts';

export interface ProgressionUpdate {
  readonly progressionId: string;
  /** Empty: unchanged. */
  readonly name: string;
  /** Validated; see parametersToStored. Undefined: unchanged. */
  readonly rule: JsonRule | undefined;
}

/**
 * PROGRESSION_NOT_FOUND; VALIDATION_FAILED when the parameters are of another type. The rule is locked before
 * the programs that use it, as everywhere, so that no program can take it up unseen meanwhile.
 */
export async function updateProgression(change: Change, update: ProgressionUpdate): Promise<Progression> {
  const { tx, now } = change;
  const progression = await getProgression(tx, update.progressionId, LockMode.PESSIMISTIC_WRITE);
  const before = auditedProgression(progression);
  if (update.rule && update.rule.type !== progression.type) {
    const description = `must be of type ${progression.type}: the type of a progression cannot change`;
    throw invalidFields([{ field: 'parameters', description }]);
  }
  progression.name = update.name || progression.name;
  progression.parameters = update.rule?.parameters ?? progression.parameters;
  progression.updatedAt = now;
  await reviseProgramsUsing(tx, progression.id);
  audit(change, {
    action: 'UpdateProgression',
    targetType: 'progression',
    targetId: progression.id,
    before,
    after: auditedProgression(progression),
  });
  return progression;
}
