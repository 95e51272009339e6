/** Test messages with secrets of every kind, which no real message type has; and a service that answers with them. */
import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescService,
  setExtension,
} from '@bufbuild/protobuf';
import {
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  MethodOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { expect } from 'vitest';
import { Permission, permission, secret as secretOption } from '../../src/gen/progression/v1/access_pb.ts';

const secretFieldOptions = () => {
  const options = create(FieldOptionsSchema);
  setExtension(options, secretOption, true);
  return options;
};

const readOptions = () => {
  const options = create(MethodOptionsSchema);
  setExtension(options, permission, Permission.CATALOG_READ);
  return options;
};

export interface DescribedKeyring {
  readonly keyring: DescMessage;
  /** `Get` answers with one keyring, `Watch` with a stream of them; each takes one. */
  readonly service: DescService;
}

/** A message type with a secret of each kind, which contains itself in every possible way; and a service of it. */
export function describeKeyring(): DescribedKeyring {
  const takesAndGives = { inputType: '.test.Keyring', outputType: '.test.Keyring' };
  const own = { type: Type.MESSAGE, typeName: '.test.Keyring' };
  const file = create(FileDescriptorProtoSchema, {
    name: 'test.proto',
    package: 'test',
    service: [
      {
        name: 'KeyringService',
        method: [
          { name: 'Get', ...takesAndGives, options: readOptions() },
          { name: 'Watch', ...takesAndGives, serverStreaming: true, options: readOptions() },
        ],
      },
    ],
    syntax: 'proto3',
    messageType: [
      {
        name: 'Keyring',
        oneofDecl: [{ name: 'way' }],
        nestedType: [
          {
            name: 'ByNameEntry',
            options: { mapEntry: true },
            field: [
              { name: 'key', number: 1, type: Type.STRING, label: Label.OPTIONAL },
              { name: 'value', number: 2, ...own, label: Label.OPTIONAL },
            ],
          },
        ],
        field: [
          { name: 'label', number: 1, type: Type.STRING },
          { name: 'pass', number: 2, type: Type.STRING, options: secretFieldOptions() },
          { name: 'has_pass', number: 3, type: Type.BOOL },
          { name: 'bytes', number: 4, type: Type.BYTES, options: secretFieldOptions() },
          { name: 'pins', number: 5, type: Type.STRING, repeated: true, options: secretFieldOptions() },
          { name: 'chosen', number: 6, type: Type.STRING, oneofIndex: 0, options: secretFieldOptions() },
          { name: 'within', number: 7, ...own, oneofIndex: 0 },
          { name: 'one', number: 8, ...own },
          { name: 'many', number: 9, ...own, repeated: true },
          {
            name: 'by_name',
            number: 10,
            type: Type.MESSAGE,
            typeName: '.test.Keyring.ByNameEntry',
            repeated: true,
          },
        ].map(({ repeated, ...field }) => ({
          ...field,
          jsonName: field.name.replace(/_./g, (under) => under.slice(1).toUpperCase()),
          label: repeated ? Label.REPEATED : Label.OPTIONAL,
        })),
      },
    ],
  });
  const types = createFileRegistry(file, () => undefined);
  const keyring = types.getMessage('test.Keyring');
  const service = types.getService('test.KeyringService');
  return keyring && service ? { keyring, service } : expect.fail('the types are there');
}
