/** What a workflow names of its account: found by id for a file, and by mapping, slug or name from a file. */
import { type RawBuilder, sql } from 'kysely';
import { validate as isUuid } from 'uuid';
import { shown } from '../../../calls/shown-text.ts';
import type { FieldViolation } from '../../../errors/domain-error.ts';
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import { ReferenceKind, type WorkflowReference } from '../../../gen/automation/v1/workflow_service_pb.ts';
import type { Transaction } from '../../../store/database.ts';
import { everyAction } from '../../actions/tree/every-action.ts';
import type { TemplateLimits } from '../../liquid/engine.ts';
import { secretNamesOf } from '../../secrets/secret-names.ts';

/** What has an id, in the names of ReferenceKind. */
type Kind = 'PROGRAM' | 'LIFT' | 'PROGRESSION' | 'WORKFLOW' | 'ATHLETE' | 'TRIGGER';

interface Source {
  readonly noun: string;
  readonly table: string;
  /** What names it in a file; null: it is found by mapping only. */
  readonly key: 'slug' | 'name' | null;
  /** That it can be named by a new workflow. */
  readonly isLive: RawBuilder<unknown>;
}

const NOT_DELETED = sql`deleted_at is null`;

const SOURCES: Readonly<Record<Kind, Source>> = {
  PROGRAM: { noun: 'program', table: 'programs', key: 'slug', isLive: NOT_DELETED },
  LIFT: { noun: 'lift', table: 'lifts', key: 'slug', isLive: NOT_DELETED },
  PROGRESSION: { noun: 'rule', table: 'progressions', key: 'name', isLive: NOT_DELETED },
  WORKFLOW: { noun: 'workflow', table: 'workflows', key: 'name', isLive: sql`status <> 'ARCHIVED'` },
  ATHLETE: { noun: 'athlete', table: 'users', key: null, isLive: NOT_DELETED },
  TRIGGER: { noun: 'trigger', table: 'workflow_triggers', key: null, isLive: NOT_DELETED },
};

const KINDS = Object.keys(SOURCES) as Kind[];

export interface Identified {
  readonly id: string;
  readonly kind: Kind;
  /** Its slug or name; empty: it has none that travels. */
  readonly key: string;
}

/** Those of the ids that the account has, deleted ones included, in the order of the ids. */
export async function identify(tx: Transaction, ids: readonly string[]): Promise<Identified[]> {
  const place = new Map(ids.map((id, index) => [id, index]));
  const found = await select(tx, (_, id) => sql`${id} = any(${ids}::uuid[])`);
  return found.sort((one, other) => (place.get(one.id) ?? 0) - (place.get(other.id) ?? 0));
}

/** The names of the account's secrets that the actions send or sign with. */
export function secretNamesIn(actions: readonly Action[], limits: TemplateLimits): string[] {
  return [...new Set(everyAction(actions).flatMap(({ action }) => secretNamesOf(action, limits)))];
}

export interface Resolved {
  /** By token. */
  readonly ids: ReadonlyMap<string, string>;
  /** Those that the account does not have, or has several of. */
  readonly missing: readonly WorkflowReference[];
  /** Of the mapping. */
  readonly violations: readonly FieldViolation[];
}

/** References without a token are left out: secrets are not named by id. */
export async function resolveReferences(
  tx: Transaction,
  references: readonly WorkflowReference[],
  mapping: Readonly<Record<string, string>>,
): Promise<Resolved> {
  const named = references.filter(({ token, kind }) => token !== '' && kindOf(kind) !== undefined);
  const mapped = new Map(Object.entries(mapping).map(([token, id]) => [token, id.toLowerCase()]));
  const mappedIds = [...mapped.values()].filter((id) => isUuid(id));
  const keys = [...new Set(named.map(({ key }) => key))];
  const found = await select(tx, ({ key, isLive }, id) =>
    key === null
      ? sql`${isLive} and ${id} = any(${mappedIds}::uuid[])`
      : sql`${isLive} and (${id} = any(${mappedIds}::uuid[]) or ${sql.ref(key)} = any(${keys}::text[]))`,
  );
  const ids = new Map<string, string>();
  const violations: FieldViolation[] = [...mapped.keys()]
    .filter((token) => !named.some((each) => each.token === token))
    .map((token) => ({ field: `mapping["${token}"]`, description: 'must be a token of file.references' }));
  for (const { token, kind: value, key } of named) {
    const kind = kindOf(value);
    const wanted = mapped.get(token);
    const matches = found.filter(
      (each) => each.kind === kind && (wanted ? each.id === wanted : each.key === key),
    );
    const [only] = matches;
    if (only && matches.length === 1 && (wanted || key !== '')) {
      ids.set(token, only.id);
    } else if (wanted && kind) {
      const rule = `must be the id of a ${SOURCES[kind].noun} of the account`;
      violations.push({ field: `mapping["${token}"]`, description: `${rule}; was ${shown(wanted)}` });
    }
  }
  return { ids, violations, missing: named.filter(({ token }) => !ids.has(token)) };
}

/** Why the import of this reference fails. */
export function missingRule({ kind, key, token }: WorkflowReference): string {
  if (kind === ReferenceKind.SECRET) {
    return `the account has no secret ${shown(key)}; SetSecret stores one`;
  }
  const { noun, key: name } = SOURCES[kindOf(kind) ?? 'LIFT'];
  return name === null
    ? `needs an id in mapping["${token}"]: no ${noun} travels in a file`
    : `the account has no ${noun}, or several, with the ${name} ${shown(key)}; mapping["${token}"] can name one`;
}

function kindOf(value: ReferenceKind): Kind | undefined {
  return KINDS.find((kind) => ReferenceKind[kind] === value);
}

/** What a condition chooses of each table. */
async function select(
  { accountId, sql: db }: Transaction,
  where: (source: Source, id: RawBuilder<unknown>) => RawBuilder<unknown>,
): Promise<Identified[]> {
  const id = sql.ref('id');
  const queries = KINDS.map((kind) => {
    const source = SOURCES[kind];
    const key = source.key === null ? sql`''` : sql.ref(source.key);
    return sql`select ${kind}::text as kind, id, ${key} as key from ${sql.table(source.table)}
      where account_id = ${accountId} and ${where(source, id)}`;
  });
  const { rows } = await sql<Identified>`${sql.join(queries, sql` union all `)}`.execute(db);
  return rows;
}
