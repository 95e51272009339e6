/** Checks messages against the rules that their .proto files state, and names every field that breaks one. */
import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import { type FieldViolation, invalidFields } from '../errors/domain-error.ts';

/** Keeps a compiled plan for each message type that it has seen, so there is one for the process. */
const validator = createValidator();

/** Every violation, with the field's path as in `session.lifts_performed[2]`; empty when the message is fine. */
export function violationsOf<D extends DescMessage>(schema: D, message: MessageShape<D>): FieldViolation[] {
  const result = validator.validate(schema, message);
  if (result.kind === 'error') {
    throw result.error;
  }
  const violations = result.kind === 'invalid' ? result.violations : [];
  return violations.map((violation) => ({
    field: pathToString(violation.field),
    description: violation.message,
  }));
}

/** Throws VALIDATION_FAILED with every violation when the message breaks a rule. */
export function requireValid<D extends DescMessage>(schema: D, message: MessageShape<D>): void {
  const violations = violationsOf(schema, message);
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
}

/** Compiles the plans of message types before the first call needs them. */
export function prepareValidation(schemas: Iterable<DescMessage>): void {
  for (const schema of schemas) {
    validator.validate(schema, create(schema));
  }
}
