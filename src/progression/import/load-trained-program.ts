/** Loads the program that an athlete trains, as far as the sessions of a log need it. */
import { sql } from 'kysely';
import { DomainError } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import type { ProgramDay } from '../../store/entities/program.ts';
import { requireUser } from '../../store/lock-user.ts';
import type { TrainedProgram } from '../../training-logs/trained-program.ts';
import { loadEnrollment } from '../engine/load-ledger.ts';

const UNITS = { KILOGRAM: 'kg', POUND: 'lb', '': null } as const;

interface ProgramRow {
  readonly unit: keyof typeof UNITS;
  readonly weeks_per_cycle: number;
  readonly sessions_per_week: number;
  readonly days: readonly ProgramDay[];
  readonly lifts: readonly { readonly id: string; readonly slug: string }[];
  readonly has_amrap_rules: boolean;
}

/** Throws USER_NOT_FOUND and NOT_ENROLLED. */
export async function loadTrainedProgram(tx: Transaction, userId: string): Promise<TrainedProgram> {
  await requireUser(tx, userId);
  const enrollment = await loadEnrollment(tx, userId);
  if (!enrollment) {
    throw new DomainError('NOT_ENROLLED', `user ${userId} has no active enrollment`, {
      metadata: { userId },
    });
  }
  const { rows } = await sql<ProgramRow>`
    select p.unit, p.weeks_per_cycle, p.sessions_per_week, p.days,
      (
        select coalesce(json_agg(json_build_object('id', l.id, 'slug', l.slug) order by m.position, l.id), '[]')
        from program_lifts m
        join lifts l on l.account_id = ${tx.accountId} and l.id = m.lift_id
        where m.account_id = ${tx.accountId} and m.program_id = p.id
      ) as lifts,
      exists(
        select from program_progressions r
        join progressions g on g.account_id = ${tx.accountId} and g.id = r.progression_id
        where r.account_id = ${tx.accountId} and r.program_id = p.id
          and g.type in ('AMRAP_PROGRESSION', 'GREYSKULL_PROGRESSION')
      ) as has_amrap_rules
    from programs p
    where p.account_id = ${tx.accountId} and p.id = ${enrollment.programId}`.execute(tx.sql);
  const [row] = rows;
  if (!row) {
    throw new TypeError('an enrollment has no program');
  }
  return {
    unit: UNITS[row.unit],
    weeksPerCycle: row.weeks_per_cycle,
    sessionsPerWeek: row.sessions_per_week,
    days: row.days,
    lifts: new Map(row.lifts.map(({ id, slug }) => [slug, id])),
    hasAmrapRules: row.has_amrap_rules,
  };
}
