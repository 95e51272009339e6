/** Values as the service has them: google.protobuf.Struct arrives as plain objects. */
import type { JsonValue } from '@bufbuild/protobuf';

/** Names and values, one a line; nested values as JSON. */
export function Values({ values }: { values: Readonly<Record<string, JsonValue | undefined>> | undefined }) {
  const entries = Object.entries(values ?? {});
  return entries.length === 0 ? null : (
    <dl className="values">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{showValue(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A value on one line; text without quotes. */
export function showValue(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? 'absent' : JSON.stringify(value);
}
