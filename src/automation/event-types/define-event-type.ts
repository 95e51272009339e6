/** DefineEventType: adds or changes an event type of the account. */
import type { Limits } from '../../config/config.ts';
import { DomainError, type FieldViolation, invalidFields } from '../../errors/domain-error.ts';
import type { DefineEventTypeRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import { CustomEventTypeEntity } from '../../store/entities/custom-event-type.ts';
import { type WorkflowTrigger, WorkflowTriggerEntity } from '../../store/entities/workflow-trigger.ts';
import { newId } from '../../values/new-id.ts';
import { bumpRevision } from '../configuration/etag.ts';
import { readStoredTrigger, type TriggerDraft } from '../configuration/trigger-draft.ts';
import { validateTrigger } from '../configuration/validation/validate-trigger.ts';
import { type AccountTypes, createAccountTypes, customEventType, loadAccountTypes } from './account-types.ts';
import { checkDescription, isDefinableName, nameRule } from './define-field.ts';
import type { EventField, EventType } from './event-type.ts';
import { fieldTypeOf } from './event-type-message.ts';
import { CUSTOM_PREFIX } from './event-types.ts';
import { ANSWERS, validateEventData } from './validate-event-data.ts';

/**
 * VALIDATION_FAILED; IN_USE when the change would make a stored, valid trigger invalid. Stored events keep
 * their data.
 */
export async function defineEventType(
  change: Change,
  request: DefineEventTypeRequest,
  limits: Limits,
): Promise<EventType> {
  const { tx, now } = change;
  const defined = readDefinition(request, limits);
  await bumpRevision(tx);
  const types = await loadAccountTypes(tx);
  const known = types.customTypes.find(({ name }) => name === defined.name);
  if (!known && types.customTypes.length >= limits.customEventTypes) {
    const description = `must be one of the ${limits.customEventTypes} events of the account: it has no room for another`;
    throw invalidFields([{ field: 'name', description }]);
  }
  if (known) {
    await refuseWhileInUse(change, types, defined, limits);
  }
  const slug = defined.name.slice(CUSTOM_PREFIX.length);
  const row = {
    description: defined.description,
    fields: defined.fields.map((field) => ({ ...field })),
    sample: { ...defined.sample },
    updatedAt: now,
  };
  const key = { accountId: tx.accountId, slug };
  const stored = known
    ? tx.em.assign(await tx.em.findOneOrFail(CustomEventTypeEntity, key), row)
    : tx.em.create(CustomEventTypeEntity, { ...key, id: newId(), ...row, createdAt: now });
  audit(change, {
    action: 'DefineEventType',
    targetType: 'event_type',
    targetId: stored.id,
    before: known ? audited(known) : null,
    after: audited(defined),
  });
  return defined;
}

function audited({ name, description, fields, sample }: EventType) {
  return { name, description, fields, sample };
}

/** Throws VALIDATION_FAILED with every violation. */
function readDefinition(request: DefineEventTypeRequest, limits: Limits): EventType {
  const slug = request.name.startsWith(CUSTOM_PREFIX) ? request.name.slice(CUSTOM_PREFIX.length) : '';
  const { fields, violations } = readFields(request, limits);
  const defined = customEventType({
    slug,
    description: request.description,
    fields,
    sample: request.sample ?? {},
  });
  const wrong = [
    ...(isDefinableName(slug, limits)
      ? []
      : [{ field: 'name', description: `must be ${CUSTOM_PREFIX} and ${nameRule(limits)}` }]),
    ...checkDescription(request.description, limits, 'description'),
    ...violations,
    ...(violations.length === 0 ? sampleViolations(defined, limits) : []),
  ];
  if (wrong.length > 0) {
    throw invalidFields(wrong);
  }
  return defined;
}

function readFields(
  { fields }: DefineEventTypeRequest,
  limits: Limits,
): { fields: EventField[]; violations: FieldViolation[] } {
  if (fields.length > limits.customEventFields) {
    const description = `must have at most ${limits.customEventFields} fields`;
    return { fields: [], violations: [{ field: 'fields', description }] };
  }
  const names = new Set<string>();
  const violations: FieldViolation[] = [];
  const read = fields.flatMap(({ name, type, description, isPersonal }, index) => {
    const path = `fields[${index}]`;
    const fieldType = fieldTypeOf(type);
    if (!isDefinableName(name, limits) || name === ANSWERS) {
      const rule = `must be ${nameRule(limits)}, other than ${ANSWERS}`;
      violations.push({ field: `${path}.name`, description: rule });
    } else if (names.has(name)) {
      violations.push({ field: `${path}.name`, description: 'must be distinct within the event' });
    }
    names.add(name);
    if (!fieldType) {
      violations.push({ field: `${path}.type`, description: 'must be one of the types, not unspecified' });
    }
    violations.push(...checkDescription(description, limits, `${path}.description`));
    return fieldType ? [{ name, type: fieldType, description, isPersonal }] : [];
  });
  return { fields: read, violations };
}

/** A sample may be empty. */
function sampleViolations(type: EventType, limits: Limits): FieldViolation[] {
  return validateEventData(type, { data: type.sample, previous: null }, limits).map((violation) => ({
    ...violation,
    field: violation.field.replace(/^data/, 'sample'),
  }));
}

async function refuseWhileInUse(
  { tx }: Change,
  types: AccountTypes,
  defined: EventType,
  limits: Limits,
): Promise<void> {
  const where = { accountId: tx.accountId, triggerEvent: defined.name, deletedAt: null };
  const triggers = await tx.em.find(WorkflowTriggerEntity, where, {
    orderBy: { createdAt: 'asc', id: 'asc' },
  });
  const others = types.customTypes.filter(({ name }) => name !== defined.name);
  const after = createAccountTypes([...others, defined], types.fields);
  for (const trigger of triggers) {
    const [violation] = newViolations(trigger, types, after, limits);
    if (violation) {
      const { id: triggerId, workflowId } = trigger;
      throw new DomainError(
        'IN_USE',
        `trigger ${triggerId} goes by the event as it is: ${violation.field} ${violation.description}`,
        { metadata: { triggerId, workflowId } },
      );
    }
  }
}

/** The violations of a trigger after the change, unless the trigger was invalid before. */
function newViolations(
  trigger: WorkflowTrigger,
  before: AccountTypes,
  after: AccountTypes,
  limits: Limits,
): FieldViolation[] {
  let draft: TriggerDraft;
  try {
    draft = readStoredTrigger(trigger);
  } catch {
    // A trigger that cannot be read is not made worse by the change.
    return [];
  }
  const [wrongBefore, wrongAfter] = [before, after].map((types) =>
    validateTrigger(draft, types, limits, 'trigger'),
  );
  return wrongBefore?.length === 0 ? (wrongAfter ?? []) : [];
}
