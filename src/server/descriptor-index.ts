/** An index of protobuf descriptors: finds the .proto file of a name, a symbol or an extension number. */
import {
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

export interface DescriptorIndex {
  fileByName(name: string): DescFile | undefined;
  /** Finds a message, field, oneof, enum, enum value, service, method or extension by its full name. */
  fileOfSymbol(symbol: string): DescFile | undefined;
  fileOfExtension(extendee: string, number: number): DescFile | undefined;
  /** undefined when the message does not exist. */
  extensionNumbersOf(extendee: string): number[] | undefined;
}

/** Indexes the files and everything they import. */
export function createDescriptorIndex(roots: Iterable<DescFile>): DescriptorIndex {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const messages = new Set<string>();
  const extensions = new Map<string, Map<number, DescFile>>();

  function addFile(file: DescFile): void {
    const name = file.proto.name;
    if (files.has(name)) {
      return;
    }
    files.set(name, file);
    file.dependencies.forEach(addFile);
    file.messages.forEach(addMessage);
    file.enums.forEach(addEnum);
    file.services.forEach(addService);
    file.extensions.forEach(addExtension);
  }
  function addMessage(message: DescMessage): void {
    messages.add(message.typeName);
    symbols.set(message.typeName, message.file);
    for (const member of [...message.fields, ...message.oneofs]) {
      symbols.set(`${message.typeName}.${member.name}`, message.file);
    }
    message.nestedMessages.forEach(addMessage);
    message.nestedEnums.forEach(addEnum);
    message.nestedExtensions.forEach(addExtension);
  }
  function addEnum(desc: DescEnum): void {
    symbols.set(desc.typeName, desc.file);
    // Enum values are scoped beside their enum, not within it.
    const scope = desc.typeName.slice(0, -desc.name.length);
    for (const value of desc.values) {
      symbols.set(`${scope}${value.name}`, desc.file);
    }
  }
  function addService(service: DescService): void {
    symbols.set(service.typeName, service.file);
    for (const method of service.methods) {
      symbols.set(`${service.typeName}.${method.name}`, service.file);
    }
  }
  function addExtension(extension: DescExtension): void {
    symbols.set(extension.typeName, extension.file);
    const extendee = extension.extendee.typeName;
    const byNumber = extensions.get(extendee) ?? new Map<number, DescFile>();
    extensions.set(extendee, byNumber.set(extension.number, extension.file));
  }

  for (const root of roots) {
    addFile(root);
  }
  return {
    fileByName: (name) => files.get(name),
    fileOfSymbol: (symbol) => symbols.get(symbol),
    fileOfExtension: (extendee, number) => extensions.get(extendee)?.get(number),
    extensionNumbersOf: (extendee) =>
      messages.has(extendee) ? [...(extensions.get(extendee)?.keys() ?? [])] : undefined,
  };
}

/** The serialized descriptors of a file and of all its imports: the file itself first, each file before its imports. */
export function serializeWithImports(file: DescFile): Uint8Array[] {
  const importsFirst = new Set<DescFile>();
  function add(at: DescFile): void {
    if (!importsFirst.has(at)) {
      at.dependencies.forEach(add);
      importsFirst.add(at);
    }
  }
  add(file);
  return [...importsFirst].reverse().map((at) => toBinary(FileDescriptorProtoSchema, at.proto));
}
