/** The reference of the API: a page for each service and each package, made from descriptors and their comments. */
import {
  type DescEnum,
  type DescMessage,
  type DescMethod,
  type DescService,
  getOption,
} from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { readComments } from '../console/proto-comments.ts';
import { SERVICES } from '../console/src/api/services.ts';
import { PermissionSchema, permission } from '../src/gen/progression/v1/access_pb.ts';
import { isOurs, packageOf, rulesIn, shortName, tableOf, typeIn } from './api-fields.ts';

/** By their paths on the site. */
export function renderReference(): Map<string, string> {
  const comments = readComments();
  const { messages, enums } = typesOf(SERVICES);
  const packages = [...new Set(SERVICES.map(({ file }) => file.proto.package))].toSorted();

  function commentOn(fullName: string): string {
    return (comments[fullName] ?? '').replaceAll('\n', '\n\n');
  }
  function fieldRows({ typeName, fields }: DescMessage): string {
    const rows = fields.map((each) => {
      const about = [commentOn(`${typeName}.${each.name}`), rulesIn(each)].filter(Boolean);
      return [`\`${each.name}\``, typeIn(each), about.join(' ')];
    });
    return rows.length === 0 ? 'No fields.' : tableOf(['field', 'type', ''], rows);
  }
  function methodSection(method: DescMethod): string {
    return [
      `## ${method.name}`,
      commentOn(`${method.parent.typeName}.${method.name}`),
      `\`POST /${method.parent.typeName}/${method.name}\`: ${traitsOf(method).join(', ')}.`,
      `### ${method.input.name}`,
      commentOn(method.input.typeName),
      fieldRows(method.input),
      `### ${method.output.name}`,
      commentOn(method.output.typeName),
      fieldRows(method.output),
    ]
      .filter(Boolean)
      .join('\n\n');
  }
  function enumSection({ typeName, values }: DescEnum): string {
    const rows = values.map(({ name }) => [`\`${name}\``, commentOn(`${typeName}.${name}`)]);
    return [`## ${shortName(typeName)}`, commentOn(typeName), tableOf(['value', ''], rows)].join('\n\n');
  }

  const servicePages = SERVICES.map((service): [string, string] => [
    `api/${service.typeName}.md`,
    `${[`# ${service.typeName}`, commentOn(service.typeName), ...service.methods.map(methodSection)].join('\n\n')}\n`,
  ]);
  const packagePages = packages.map((name): [string, string] => {
    const ofPackage = <T extends { typeName: string }>(types: Iterable<T>) =>
      [...types].filter(({ typeName }) => packageOf(typeName) === name).toSorted(byTypeName);
    const messageSections = ofPackage(messages).map((message) =>
      [`## ${shortName(message.typeName)}`, commentOn(message.typeName), fieldRows(message)].join('\n\n'),
    );
    const sections = [...messageSections, ...ofPackage(enums).map(enumSection)];
    return [`api/${name}.md`, `${[`# Types of ${name}`, ...sections].join('\n\n')}\n`];
  });
  const rows = SERVICES.map(({ typeName, methods }) => {
    const links = methods.map(({ name }) => `[${name}](./${typeName}.md#${name.toLowerCase()})`);
    return `## [${typeName}](./${typeName}.md)\n\n${commentOn(typeName)}\n\n${links.join(', ')}`;
  });
  const types = packages.map((name) => `[${name}](./${name}.md)`).join(', ');
  const index = `# API reference\n\nMade from the comments of the contract. Types that methods share: ${types}.\n\n${rows.join('\n\n')}\n`;
  return new Map([['api/index.md', index], ...servicePages, ...packagePages]);
}

function traitsOf(method: DescMethod): string[] {
  const isRead = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  return [
    isRead ? 'reads' : 'writes',
    ...(method.methodKind === 'unary' ? [] : [method.methodKind.replace('_', ' ')]),
    `permission \`${PermissionSchema.value[getOption(method, permission)]?.name}\``,
  ];
}

/** The types of fields. Requests and answers stand at their methods, and here where a field has them as well. */
function typesOf(services: readonly DescService[]): { messages: Set<DescMessage>; enums: Set<DescEnum> } {
  const methods = services.flatMap((service) => service.methods);
  const reached = new Set(methods.flatMap(({ input, output }) => [input, output]));
  const messages = new Set<DescMessage>();
  const enums = new Set<DescEnum>();
  for (const { fields } of reached) {
    for (const each of fields) {
      if (each.message && isOurs(each.message)) {
        reached.add(each.message);
        messages.add(each.message);
      }
      if (each.enum) {
        enums.add(each.enum);
      }
    }
  }
  return { messages, enums };
}

function byTypeName(a: { typeName: string }, b: { typeName: string }): number {
  return a.typeName.localeCompare(b.typeName);
}
