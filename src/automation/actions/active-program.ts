/** Reads the program of an athlete's ACTIVE enrollment. */
import { sql } from 'kysely';
import { DomainError } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';

export interface ActiveProgram {
  /** '', KILOGRAM or POUND. */
  readonly unit: string;
  /** In the program's order. */
  readonly liftIds: readonly string[];
}

/** undefined when the athlete has no ACTIVE enrollment. */
export async function loadActiveProgram(tx: Transaction, userId: string): Promise<ActiveProgram | undefined> {
  const { rows } = await sql<ActiveProgram>`
    select p.unit, array(
      select l.lift_id from program_lifts l
      where l.account_id = p.account_id and l.program_id = p.id
      order by l.position, l.lift_id
    ) as "liftIds"
    from enrollments e
    join programs p on p.account_id = e.account_id and p.id = e.program_id
    where e.account_id = ${tx.accountId} and e.user_id = ${userId} and e.status = 'ACTIVE'`.execute(tx.sql);
  return rows[0];
}

/** The same; throws NOT_ENROLLED. */
export function requireActiveProgram(program: ActiveProgram | undefined, userId: string): ActiveProgram {
  if (!program) {
    throw new DomainError('NOT_ENROLLED', `user ${userId} has no ACTIVE enrollment`, {
      metadata: { userId },
    });
  }
  return program;
}
