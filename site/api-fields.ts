/** How the reference of the API writes fields: their types with links, and their rules. */
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  ScalarType,
  toJson,
} from '@bufbuild/protobuf';
import { FieldRulesSchema, field as rulesOfField } from '../src/gen/buf/validate/validate_pb.ts';

export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows.map((cells) => cells.map(cellOf))];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cellOf(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');
}

export function typeIn(field: DescField): string {
  const named = field.message ?? field.enum;
  const type = named ? linkTo(named) : `${field.scalar && ScalarType[field.scalar]}`.toLowerCase();
  switch (field.fieldKind) {
    case 'map':
      return `map of ${type}`;
    case 'list':
      return `list of ${type}`;
    default:
      return field.oneof ? `${type}, one of \`${field.oneof.name}\`` : type;
  }
}

/** Types of Protobuf itself are named only. */
function linkTo(type: DescMessage | DescEnum): string {
  const name = shortName(type.typeName);
  return isOurs(type) ? `[${name}](./${packageOf(type.typeName)}.md#${name.toLowerCase()})` : type.typeName;
}

export function isOurs({ typeName }: { typeName: string }): boolean {
  return /^(progression|automation)\./.test(typeName);
}

/** `automation.v1` of `automation.v1.Filter.Group`. */
export function packageOf(typeName: string): string {
  return typeName.split('.').slice(0, 2).join('.');
}

/** `Filter-Group` of `automation.v1.Filter.Group`: as the anchor of its heading. */
export function shortName(typeName: string): string {
  return typeName.split('.').slice(2).join('-');
}

/** The rules that the service checks, such as `string.max_len: 200`; empty: none. */
export function rulesIn(field: DescField): string {
  if (!hasOption(field, rulesOfField)) {
    return '';
  }
  const rules = toJson(FieldRulesSchema, getOption(field, rulesOfField), { useProtoFieldName: true });
  return leavesOf(rules, '')
    .map((leaf) => `\`${leaf}\``)
    .join(', ');
}

function leavesOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [value === true ? path : `${path}: ${Array.isArray(value) ? value.join(', ') : value}`];
  }
  return Object.entries(value).flatMap(([key, below]) => leavesOf(below, path ? `${path}.${key}` : key));
}
