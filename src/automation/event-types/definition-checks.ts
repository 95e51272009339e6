/** What names and descriptions of an account's own events and fields may be. */
import type { Limits } from '../../config/config.ts';
import type { FieldViolation } from '../../errors/domain-error.ts';
import { textProblem } from '../../filters/values.ts';

export type DefinitionLimits = Pick<Limits, 'fieldNameCharacters' | 'fieldDescriptionCharacters'>;

/** Whether a name, without its prefix, is one that definitions may have. */
export function isDefinableName(name: string, { fieldNameCharacters }: DefinitionLimits): boolean {
  return /^[a-z][a-z0-9_]*$/.test(name) && name.length <= fieldNameCharacters;
}

/** How such a name is spelled, for whoever gave another. */
export function nameRule({ fieldNameCharacters }: DefinitionLimits): string {
  return `a lower-case letter, then lower-case letters, digits and underscores, of at most ${fieldNameCharacters} characters`;
}

export function checkDescription(text: string, limits: DefinitionLimits, field: string): FieldViolation[] {
  const most = limits.fieldDescriptionCharacters;
  const isRight = [...text].length <= most && textProblem(text) === undefined;
  return isRight ? [] : [{ field, description: `must be Unicode text of at most ${most} characters` }];
}
