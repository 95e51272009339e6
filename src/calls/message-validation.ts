/** Validates messages against the rules in their .proto files, and reports every field that breaks one. */
import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import { type FieldViolation, invalidFields } from '../errors/domain-error.ts';
import { ruleSentence } from './field-rules.ts';
import { nulCharacters } from './nul-characters.ts';

/** Caches a compiled plan for each message type; one instance serves the process. */
const validator = createValidator();

/**
 * Every violation, with a field path such as `session.lifts_performed[2]`; empty when the message is valid.
 */
export function violationsOf<D extends DescMessage>(schema: D, message: MessageShape<D>): FieldViolation[] {
  const result = validator.validate(schema, message);
  if (result.kind === 'error') {
    throw result.error;
  }
  const violations = result.kind === 'invalid' ? result.violations : [];
  const sentences = new Map<string, FieldViolation>();
  for (const violation of violations) {
    const field = pathToString(violation.field);
    const description = ruleSentence(violation, message);
    // Two rules of a field become one sentence.
    sentences.set(`${field}: ${description}`, { field, description });
  }
  return [...sentences.values(), ...nulCharacters(schema, message)];
}

/** Throws VALIDATION_FAILED with every violation. */
export function requireValid<D extends DescMessage>(schema: D, message: MessageShape<D>): void {
  const violations = violationsOf(schema, message);
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
}

/** Compiles the plans of message types before the first call. */
export function prepareValidation(schemas: Iterable<DescMessage>): void {
  for (const schema of schemas) {
    validator.validate(schema, create(schema));
  }
}
