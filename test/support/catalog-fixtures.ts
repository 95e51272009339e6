/** Fixtures of the catalogue, created through its RPCs. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { MaxType, TriggerType } from '../../src/gen/progression/v1/common_pb.ts';
import type {
  CreateProgramRequestSchema,
  Program,
  ProgramProgression,
  Progression,
  ProgressionParametersSchema,
} from '../../src/gen/progression/v1/program_service_pb.ts';
import type { Database } from '../../src/store/database.ts';
import { readRows } from '../store/schema-dump.ts';
import type { CatalogClient } from './catalog-client.ts';

export type RuleParameters = MessageInitShape<typeof ProgressionParametersSchema>;

/** +2.5 after each session. */
export const LINEAR: RuleParameters = {
  rule: {
    case: 'linearProgression',
    value: {
      maxType: MaxType.TRAINING_MAX,
      triggerType: TriggerType.AFTER_SESSION,
      increment: { kind: { case: 'amount', value: '2.5' } },
    },
  },
};

/** -10 % after each set that failed. */
export const DELOAD: RuleParameters = {
  rule: {
    case: 'deloadOnFailure',
    value: { maxType: MaxType.TRAINING_MAX, failureThreshold: 1, deloadType: 1, deloadPercent: '0.1' },
  },
};

/** The message of an answer, which must be present. */
export function present<T>(message: T | undefined): T {
  if (message === undefined) {
    throw new TypeError('the answer lacks its message');
  }
  return message;
}

/** New lifts, by slug. */
export async function createLifts<const S extends string>(
  { programs }: Pick<CatalogClient, 'programs'>,
  ...slugs: S[]
): Promise<Record<S, string>> {
  const ids: Partial<Record<S, string>> = {};
  for (const slug of slugs) {
    ids[slug] = present((await programs.createLift({ slug, name: `The ${slug}` })).lift).id;
  }
  return ids as Record<S, string>;
}

export async function createProgram(
  { programs }: CatalogClient,
  request: MessageInitShape<typeof CreateProgramRequestSchema> = {},
): Promise<Program> {
  return present(
    (await programs.createProgram({ slug: 'a-program', name: 'A program', ...request })).program,
  );
}

export async function createProgression(
  { programs }: CatalogClient,
  parameters: RuleParameters = LINEAR,
  name = 'A rule',
): Promise<Progression> {
  return present((await programs.createProgression({ name, parameters })).progression);
}

/** Puts a rule into a program, program-wide unless the request names a lift. */
export async function placeRule(
  { programs }: CatalogClient,
  request: Parameters<CatalogClient['programs']['createProgramProgression']>[0],
): Promise<ProgramProgression> {
  return present((await programs.createProgramProgression(request)).programProgression);
}

/** A new athlete's id. */
export async function createUser({ users }: CatalogClient, name = 'An athlete'): Promise<string> {
  return present((await users.createUser({ name })).user).id;
}

/** The revision of a program. */
export async function revisionOf(database: Database, { accountId }: CatalogClient, programId: string) {
  const { rows } = await database.transaction(accountId, (tx) =>
    sql<{ revision: string }>`
      select revision from programs where account_id = ${accountId} and id = ${programId}`.execute(tx.sql),
  );
  return Number(rows[0]?.revision);
}

export interface AuditRow {
  action: string;
  actor: string;
  target_type: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

/** The audit entries of one rule, program or rule row, oldest first. */
export async function auditOf(
  database: Database,
  { accountId }: CatalogClient,
  targetId: string,
): Promise<AuditRow[]> {
  const { rows } = await database.transaction(accountId, (tx) =>
    sql<AuditRow>`
      select action, actor, target_type, before, after from audit_log
      where account_id = ${accountId} and target_id = ${targetId} order by id`.execute(tx.sql),
  );
  return rows;
}

/** Sessions of this database that wait for a lock. */
export async function waitingSessions(database: Database): Promise<number> {
  const sessions = await readRows(
    database,
    sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return sessions.length;
}
