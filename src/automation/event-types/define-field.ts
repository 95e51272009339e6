/**
 * DefineField: gives an attribute or answer of the account a type, permanently. And the checks of names and
 * descriptions in definitions.
 */
import type { Limits } from '../../config/config.ts';
import { DomainError, type FieldViolation, invalidFields } from '../../errors/domain-error.ts';
import { describeTextProblem } from '../../filters/typed-values.ts';
import type { AccountField as FieldMessage } from '../../gen/automation/v1/trigger_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import { FieldDefinitionEntity } from '../../store/entities/field-definition.ts';
import { newId } from '../../values/new-id.ts';
import { bumpRevision } from '../configuration/etag.ts';
import { type AccountField, loadAccountTypes, readExtension } from './account-types.ts';
import { ATHLETE_FIELDS } from './athlete-document.ts';
import type { EventType } from './event-type.ts';
import { fieldTypeOf } from './event-type-message.ts';
import { ANSWERS } from './validate-event-data.ts';

export type DefinitionLimits = Pick<Limits, 'fieldNameCharacters' | 'fieldDescriptionCharacters'>;

/** Whether a name, without its prefix, is allowed. */
export function isDefinableName(name: string, { fieldNameCharacters }: DefinitionLimits): boolean {
  return /^[a-z][a-z0-9_]*$/.test(name) && name.length <= fieldNameCharacters;
}

/** The rule for names, for error messages. */
export function nameRule({ fieldNameCharacters }: DefinitionLimits): string {
  return `a lower-case letter, then lower-case letters, digits and underscores, of at most ${fieldNameCharacters} characters`;
}

export function checkDescription(text: string, limits: DefinitionLimits, field: string): FieldViolation[] {
  const most = limits.fieldDescriptionCharacters;
  const isRight = [...text].length <= most && describeTextProblem(text) === undefined;
  return isRight ? [] : [{ field, description: `must be Unicode text of at most ${most} characters` }];
}

/**
 * VALIDATION_FAILED; FIELD_EXISTS when the field has another type. The description and the personal-data flag
 * may change.
 */
export async function defineField(
  change: Change,
  request: FieldMessage | undefined,
  limits: Limits,
): Promise<AccountField> {
  const { tx, now } = change;
  const defined = readDefinition(request, limits);
  await bumpRevision(tx);
  const { fields } = await loadAccountTypes(tx);
  const { path, type, description, isPersonal } = defined;
  const known = fields.find((each) => each.path === path);
  if (known && known.type !== type) {
    throw new DomainError('FIELD_EXISTS', `${path} is of the type ${known.type} already`, {
      metadata: { path, type: known.type },
    });
  }
  if (!known && fields.length >= limits.accountFields) {
    const excess = `must be one of the ${limits.accountFields} fields of the account: it has no room for another`;
    throw invalidFields([{ field: 'field.path', description: excess }]);
  }
  const key = { accountId: tx.accountId, path };
  const row = { description, isPersonal };
  const stored = known
    ? tx.em.assign(await tx.em.findOneOrFail(FieldDefinitionEntity, key), row)
    : tx.em.create(FieldDefinitionEntity, { ...key, id: newId(), type, ...row, createdAt: now });
  audit(change, {
    action: 'DefineField',
    targetType: 'field',
    targetId: stored.id,
    before: known ? audited(known) : null,
    after: audited(defined),
  });
  return defined;
}

function audited({ path, type, description, isPersonal }: AccountField) {
  return { path, type, description, isPersonal };
}

/** Throws VALIDATION_FAILED with every violation. */
function readDefinition(field: FieldMessage | undefined, limits: Limits): AccountField {
  const { path = '', description = '', isPersonal = false } = field ?? {};
  const type = field && fieldTypeOf(field.type);
  const wrong: FieldViolation[] = [
    ...pathViolations(path, limits),
    ...(type ? [] : [{ field: 'field.type', description: 'must be one of the types, not unspecified' }]),
    ...checkDescription(description, limits, 'field.description'),
  ];
  if (wrong.length > 0 || !type) {
    throw invalidFields(wrong);
  }
  // Both prefixes name the same attribute: it has one definition.
  return { path: path.replace(/^athlete\./, 'custom.'), type, description, isPersonal };
}

function pathViolations(path: string, limits: Limits): FieldViolation[] {
  const field = 'field.path';
  const extension = readExtension(path);
  if (extension) {
    return extensionViolations(extension, limits, field);
  }
  const [, prefix, name = ''] = /^(athlete|answers|custom)\.(.*)$/s.exec(path) ?? [];
  if (!isDefinableName(name, limits)) {
    return [
      {
        field,
        description: `must be answers., custom. or a built-in event and a point, and ${nameRule(limits)}`,
      },
    ];
  }
  return prefix === 'athlete' && ATHLETE_FIELDS.some((each) => each.name === name)
    ? [{ field, description: `must not be built in: every athlete has ${name}` }]
    : [];
}

function extensionViolations(
  { type, name }: { readonly type: EventType; readonly name: string },
  limits: Limits,
  field: string,
): FieldViolation[] {
  if (!isDefinableName(name, limits)) {
    return [{ field, description: `must be ${type.name}. and ${nameRule(limits)}` }];
  }
  if (!type.isPublishable) {
    return [
      {
        field,
        description: `must be of an event that can be published: ${type.name} comes from the service`,
      },
    ];
  }
  return type.fields.some((each) => each.name === name) || name === ANSWERS
    ? [{ field, description: `must not be built in: every ${type.name} has ${name}` }]
    : [];
}
