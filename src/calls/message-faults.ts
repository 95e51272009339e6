/** Everything that is wrong with a request's message: with its JSON, and by the rules of its .proto file. */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type DomainError, type FieldViolation, invalidFields } from '../errors/domain-error.ts';
import type { JsonFaults } from './check-json.ts';
import { violationsOf } from './message-validation.ts';

export interface MessageFaults {
  readonly violations: readonly FieldViolation[];
  /** How many there are beside those. */
  readonly more: number;
  /** Paths of fields and oneofs that seem to be absent, because they are misspelt or could not be read. */
  readonly lost: readonly string[];
  /** false: nothing is known of the message. */
  readonly isReadable: boolean;
}

/** Every fault of a message that was sent in binary, or as JSON with these faults. */
export function faultsOfMessage<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  json: JsonFaults | undefined,
): MessageFaults {
  const { violations = [], more = 0, isReadable = true } = json ?? {};
  const lost = violations.flatMap(({ lost: beside }) => beside);
  const faults = {
    violations: violations.map(({ field, description }) => ({ field, description })),
    ...{ more, lost, isReadable },
  };
  return isReadable ? withFurther(faults, violationsOf(schema, message)) : faults;
}

/** The same faults and those that were found since, without what only follows from the former ones. */
export function withFurther(faults: MessageFaults, further: readonly FieldViolation[]): MessageFaults {
  const { lost, violations } = faults;
  const isEcho = ({ field }: FieldViolation) => lost.includes(field);
  const isKnown = ({ field }: FieldViolation) => violations.some((each) => areNested(each.field, field));
  const news = further.filter((each) => !isEcho(each) && !isKnown(each));
  return { ...faults, violations: [...violations, ...news] };
}

/** VALIDATION_FAILED with all of them. */
export function invalidMessage({
  violations,
  more,
}: Pick<MessageFaults, 'violations' | 'more'>): DomainError {
  return invalidFields(violations, more);
}

/** Whether two paths are of one field, or of one within the other. */
function areNested(a: string, b: string): boolean {
  const [outer, inner] = a.length <= b.length ? [a, b] : [b, a];
  return (
    inner.startsWith(outer) && (inner.length === outer.length || /^[.[]/.test(inner.slice(outer.length)))
  );
}
