/** What the generators read of the descriptors: the API's services, comments, rules and options. */
import {
  type AnyDesc,
  createRegistry,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescOneof,
  type DescService,
  getOption,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { getComments, type Schema } from '@bufbuild/protoplugin';

/** The packages of the API; the other files are parts of public schemas. */
const PACKAGE = /^(progression|automation)\.v\d+$/;

/** As protovalidate's options are in JSON; 64-bit numbers are strings there. */
export interface FieldRules {
  readonly required?: boolean;
  readonly ignore?: string;
  readonly int32?: NumberRules;
  readonly int64?: NumberRules;
  readonly string?: {
    readonly minLen?: string;
    readonly maxLen?: string;
    readonly pattern?: string;
    readonly uuid?: boolean;
  };
  readonly enum?: { readonly in?: number[]; readonly notIn?: number[] };
  readonly repeated?: {
    readonly minItems?: string;
    readonly maxItems?: string;
    readonly unique?: boolean;
    readonly items?: FieldRules;
  };
}

type Limit = number | string;

export interface NumberRules {
  readonly const?: Limit;
  readonly lt?: Limit;
  readonly lte?: Limit;
  readonly gt?: Limit;
  readonly gte?: Limit;
  readonly in?: Limit[];
  readonly notIn?: Limit[];
}

export interface Contract {
  readonly services: readonly DescService[];
  /** A message that methods refer to without naming it, such as an error detail. */
  getMessage(typeName: string): DescMessage;
  rulesOf(field: DescField): FieldRules;
  /** Groups of fields of which one at most may be set; one must be when it is required. */
  choicesOf(message: DescMessage): { readonly fields: readonly DescField[]; readonly isRequired: boolean }[];
  permissionOf(method: DescMethod): string;
  isSecret(field: DescField): boolean;
}

/** The methods that JSON over HTTP reaches: a stream has a framing of its own. */
export function unaryMethodsOf(service: DescService): DescMethod[] {
  return service.methods.filter(({ methodKind }) => methodKind === 'unary');
}

export function isRead(method: DescMethod): boolean {
  return method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}

/** The comment of an element as Markdown; empty when it has none. */
export function commentOf(desc: Exclude<AnyDesc, DescFile>): string {
  const { leading = '', trailing = '' } = getComments(desc);
  return `${leading}\n${trailing}`
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim();
}

export function createContract(schema: Pick<Schema, 'files' | 'allFiles'>): Contract {
  const registry = createRegistry(...schema.allFiles);
  const extension = (name: string): DescExtension =>
    registry.getExtension(name) ?? fail(`the contract has no option ${name}`);
  const [fieldRules, oneofRules, messageRules] = [
    extension('buf.validate.field'),
    extension('buf.validate.oneof'),
    extension('buf.validate.message'),
  ];
  const [permission, secret] = [extension('progression.v1.permission'), extension('progression.v1.secret')];
  /** The value of an option that is a message, as JSON. */
  const optionAsJson = (desc: DescField | DescOneof | DescMessage, option: DescExtension) =>
    option.message ? toJson(option.message, getOption(desc, option) as Message) : undefined;
  return {
    services: schema.files
      .filter(({ proto }) => PACKAGE.test(proto.package))
      .flatMap((file) => file.services)
      .toSorted((one, other) => (one.typeName < other.typeName ? -1 : 1)),
    getMessage: (typeName) =>
      registry.getMessage(typeName) ?? fail(`the contract has no message ${typeName}`),
    rulesOf: (field) => (optionAsJson(field, fieldRules) ?? {}) as FieldRules,
    choicesOf(message) {
      const named = (optionAsJson(message, messageRules) ?? {}) as {
        oneof?: { fields: string[]; required?: boolean }[];
      };
      return [
        ...message.oneofs.map((oneof) => ({
          fields: oneof.fields,
          isRequired: Boolean((optionAsJson(oneof, oneofRules) as { required?: boolean }).required),
        })),
        ...(named.oneof ?? []).map(({ fields, required }) => ({
          fields: message.fields.filter(({ name }) => fields.includes(name)),
          isRequired: Boolean(required),
        })),
      ];
    },
    permissionOf: (method) => `${permission.enum?.value[Number(getOption(method, permission))]?.name}`,
    isSecret: (field) => Boolean(getOption(field, secret)),
  };
}

function fail(message: string): never {
  throw new Error(message);
}
