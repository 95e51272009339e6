/** A Vite plugin: the comments of the .proto files as a module, because descriptors do not keep them. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import type { Plugin } from 'vite';

const MODULE = 'virtual:proto-comments';
const ROOT = join(import.meta.dirname, '..');

export function protoComments(): Plugin {
  return {
    name: 'proto-comments',
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load: (id) => (id === `\0${MODULE}` ? `export default ${JSON.stringify(readComments())}` : undefined),
  };
}

/** Comments by full name: `progression.v1.UserService.ListUsers`, `progression.v1.User.time_zone`. */
export function readComments(): Record<string, string> {
  const image = execFileSync(
    join(ROOT, 'node_modules', '.bin', 'buf'),
    ['build', 'proto', '--as-file-descriptor-set', '-o', '-'],
    { cwd: ROOT, maxBuffer: 1 << 26 },
  );
  const { file } = fromBinary(FileDescriptorSetSchema, image);
  const ours = file.filter(({ package: name }) => /^(progression|automation)\./.test(name));
  return Object.assign({}, ...ours.map(commentsOf));
}

/** The field numbers of descriptor.proto that lead to what can have a comment. */
const [FIELD, NESTED_MESSAGE, NESTED_ENUM] = [2, 3, 4];
const [MESSAGE, ENUM, SERVICE] = [4, 5, 6];
const [METHOD, VALUE] = [2, 2];

function commentsOf(file: FileDescriptorProto): Record<string, string> {
  const nameOfPath = new Map<string, string>();
  const name = (path: readonly number[], fullName: string) => nameOfPath.set(path.join(), fullName);

  function walkMessage(
    { name: own, field, nestedType, enumType }: DescriptorProto,
    path: number[],
    scope: string,
  ) {
    const fullName = `${scope}.${own}`;
    name(path, fullName);
    for (const [index, each] of field.entries()) {
      name([...path, FIELD, index], `${fullName}.${each.name}`);
    }
    for (const [index, each] of nestedType.entries()) {
      walkMessage(each, [...path, NESTED_MESSAGE, index], fullName);
    }
    for (const [index, each] of enumType.entries()) {
      walkEnum(each, [...path, NESTED_ENUM, index], fullName);
    }
  }
  function walkEnum({ name: own, value }: EnumDescriptorProto, path: number[], scope: string) {
    name(path, `${scope}.${own}`);
    for (const [index, each] of value.entries()) {
      name([...path, VALUE, index], `${scope}.${own}.${each.name}`);
    }
  }

  for (const [index, message] of file.messageType.entries()) {
    walkMessage(message, [MESSAGE, index], file.package);
  }
  for (const [index, each] of file.enumType.entries()) {
    walkEnum(each, [ENUM, index], file.package);
  }
  for (const [index, service] of file.service.entries()) {
    name([SERVICE, index], `${file.package}.${service.name}`);
    for (const [place, method] of service.method.entries()) {
      name([SERVICE, index, METHOD, place], `${file.package}.${service.name}.${method.name}`);
    }
  }
  const located = (file.sourceCodeInfo?.location ?? []).flatMap(({ path, leadingComments }) => {
    const fullName = nameOfPath.get(path.join());
    return fullName && leadingComments ? [[fullName, tidy(leadingComments)] as const] : [];
  });
  return Object.fromEntries(located);
}

/** Paragraphs as lines; the line breaks of the source do not matter. */
function tidy(comment: string): string {
  return comment
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s+/g, ' ').trim())
    .join('\n');
}
