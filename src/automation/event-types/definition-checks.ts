/** Checks of names and descriptions in definitions. */
import type { Limits } from '../../config/config.ts';
import type { FieldViolation } from '../../errors/domain-error.ts';
import { describeTextProblem } from '../../filters/typed-values.ts';

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
