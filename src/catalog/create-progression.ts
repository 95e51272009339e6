/** CreateProgression: a new rule of the account. */
import { newId } from '../new-id.ts';
import { audit, type Change } from '../store/change.ts';
import { type Progression, ProgressionEntity } from '../store/entities/progression.ts';
import { auditedProgression } from './progressions.ts';
import type { JsonRule } from './rule-to-stored.ts';

/** `rule` has been validated; see parametersToStored. */
export async function createProgression(change: Change, name: string, rule: JsonRule): Promise<Progression> {
  const { tx, now } = change;
  const progression = tx.em.create(ProgressionEntity, {
    accountId: tx.accountId,
    id: newId(),
    name,
    type: rule.type,
    parameters: rule.parameters,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  });
  audit(change, {
    action: 'CreateProgression',
    targetType: 'progression',
    targetId: progression.id,
    before: null,
    after: auditedProgression(progression),
  });
  return progression;
}
