/** Enrolls one page of a backfill: the next athletes after its position that the filter matches. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type { FieldCatalogue, FilterGroup } from '../../filters/filter.ts';
import { filterToSql } from '../../filters/filter-to-sql.ts';
import type { Transaction } from '../../store/database.ts';
import type { Backfill } from '../../store/entities/backfill.ts';
import { lockPartitions, PARTITIONS } from '../../store/lock-partition.ts';
import type { Instant } from '../../values/instant.ts';
import { firstTimeZone } from '../../values/zoned.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import type { CompiledTrigger } from '../decision/compile-trigger.ts';
import { decideAll, enrolls } from '../decision/decide.ts';
import { matchEvent } from '../decision/match-event.ts';
import { canEnroll, loadEnrollmentState } from '../evaluation/load-enrollment-state.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import { writeVerdicts } from '../evaluation/write-verdicts.ts';
import { athleteDocumentSql } from '../event-types/athlete-document.ts';

/** The trigger of a backfill, with the filter that selects the athletes. */
export interface BackfillTarget {
  readonly trigger: CompiledTrigger;
  readonly filter: FilterGroup;
  readonly catalogue: FieldCatalogue;
}

/** The result of a page. */
export interface PageResult {
  /** The last athlete that was read; null when no athletes are left. */
  readonly position: string | null;
  readonly enrolledCount: number;
}

/**
 * Enrolls the next page. Athletes are read partition by partition, and by id within one, so that a page needs
 * the lock of one partition only. Reads at most `backfillPageSize` athletes and stops after `most`
 * enrollments. Throws FilterUnreadable.
 */
export async function enrollPage(
  tx: Transaction,
  backfill: Backfill,
  target: BackfillTarget,
  { most, now, limits }: { readonly most: number; readonly now: Instant; readonly limits: Limits },
): Promise<PageResult> {
  const page = await nextPage(tx, backfill.position ?? null, limits.backfillPageSize);
  const last = page.at(-1);
  if (!last) {
    return { position: null, enrolledCount: 0 };
  }
  const matching = await findMatchingAthletes(tx, page, target, { most, now });
  const position = matching.length === most ? (matching.at(-1) ?? last.id) : last.id;
  return { position, enrolledCount: await enroll(tx, backfill.id, matching, target, { now, limits }) };
}

interface Athlete {
  readonly id: string;
  readonly time_zone: string | null;
}

/**
 * Reads the next athletes of one partition and locks it until the transaction ends; empty when no athletes
 * are left.
 */
async function nextPage(tx: Transaction, position: string | null, size: number): Promise<readonly Athlete[]> {
  let after = position;
  for (let partition = await loadPartition(tx, position); partition < PARTITIONS; partition += 1) {
    await lockPartitions(tx, [partition]);
    do {
      const window = await readWindow(tx, { after, partition, size });
      if (window.page.length > 0) {
        return window.page;
      }
      after = window.next;
    } while (after !== null);
  }
  return [];
}

interface Window {
  readonly page: readonly Athlete[];
  /** The last athlete that was read; null when the account has no further athletes. */
  readonly next: string | null;
}

/**
 * Reads along the primary key as many athletes as contain a page of each partition on average. A query for
 * one partition alone makes PostgreSQL underestimate the rows and sort the whole account for each page.
 */
async function readWindow(
  { accountId, sql: db }: Transaction,
  {
    after,
    partition,
    size,
  }: { readonly after: string | null; readonly partition: number; readonly size: number },
): Promise<Window> {
  const most = size * PARTITIONS;
  const { rows } = await sql<Window>`
    with seen as materialized (
      select id, time_zone from users
      where account_id = ${accountId} and deleted_at is null and opted_out_at is null
        ${after === null ? sql`` : sql`and id > ${after}::uuid`}
      order by id
      limit ${most}
    )
    select
      (select coalesce(json_agg(p), '[]') from (
        select id, time_zone from seen
        where uuid_hash_extended(id, 0) & ${PARTITIONS - 1}::int = ${partition}::int
        order by id
        limit ${size}
      ) p) as page,
      (select id from seen order by id offset ${most - 1}) as next`.execute(db);
  return rows[0] ?? { page: [], next: null };
}

async function loadPartition({ sql: db }: Transaction, userId: string | null): Promise<number> {
  if (userId === null) {
    return 0;
  }
  const { rows } = await sql<{ partition: number }>`
    select (uuid_hash_extended(${userId}::uuid, 0) & ${PARTITIONS - 1}::int)::int as partition`.execute(db);
  return rows[0]?.partition ?? 0;
}

/**
 * Returns the ids of at most `most` athletes of the page that the filter matches, in order; conditions on an
 * event count as met.
 */
async function findMatchingAthletes(
  tx: Transaction,
  page: readonly Athlete[],
  { filter, catalogue }: BackfillTarget,
  { most, now }: { readonly most: number; readonly now: Instant },
): Promise<string[]> {
  const { accountId, sql: db } = tx;
  const zones = page.map(({ time_zone }) => time_zone).filter((zone) => zone !== null);
  const { rows: accounts } = await sql<{ time_zone: string }>`
    select time_zone from accounts where id = ${accountId}`.execute(db);
  const { predicate, fields } = filterToSql(filter, catalogue, sql.ref('a.document'), {
    now,
    zones,
    timeZone: firstTimeZone(accounts[0]?.time_zone),
  });
  const { rows } = await sql<{ id: string }>`
    select a.id from (
      select id, ${athleteDocumentSql('users', { accountId, fields, now })} as document from users
      where account_id = ${accountId} and id = any(${page.map(({ id }) => id)}::uuid[])
      offset 0
    ) a
    where ${predicate}
    order by a.id
    limit ${most}`.execute(db);
  return rows.map(({ id }) => id);
}

async function enroll(
  tx: Transaction,
  backfillId: string,
  userIds: readonly string[],
  { trigger }: BackfillTarget,
  { now, limits }: { readonly now: Instant; readonly limits: Limits },
): Promise<number> {
  const subjects = await loadSubjects(tx, userIds);
  const matches = userIds
    .flatMap((userId) =>
      matchEvent(createSyntheticEvent(backfillId, userId, now), [trigger], subjects.get(userId) ?? null),
    )
    .map((match) => ({ ...match, matched: true }));
  const state = await loadEnrollmentState(
    tx,
    matches.filter(canEnroll),
    { now, limits },
    { locksCaps: true },
  );
  const verdicts = decideAll(matches, state, { now, limits });
  await writeVerdicts(tx, verdicts, { kind: 'LIVE', now, limits, hasSyntheticEvents: true });
  return verdicts.filter(enrolls).length;
}

/**
 * A synthetic event whose cause is the backfill, or the call of EnrollAthletes; the enrollment's later events name it
 * as their root.
 */
export function createSyntheticEvent(backfillId: string, userId: string, now: Instant): AcceptedEvent {
  return {
    ...{ id: backfillId, rootEventId: backfillId, type: '', userId },
    ...{ occurredAt: now, recordedAt: now, sequence: 0n, position: 0 },
    ...{ actor: 'SYSTEM', data: {}, previous: null },
    ...{ causationId: null, depth: 0, chain: [], triggerId: null, occurrenceKey: null },
  };
}
