/** Processor time of the service and its PostgreSQL, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';
import { sql } from 'kysely';
import type { Database } from '../src/store/database.ts';

/** Milliseconds so far. */
export interface ProcessorTime {
  readonly serviceMs: number;
  readonly postgresMs: number;
}

interface ProcessTimes {
  readonly parentId: number;
  /** Its own. */
  readonly ownMs: number;
  /** Of its children that have ended. */
  readonly childrenMs: number;
}

/** The unit of /proc/<pid>/stat, 100 a second on every architecture that there is a Node for. */
const TICK_MS = 10;

/** Throws where there is no /proc. */
export function readProcessorTime(serviceId: number, postmasterId: number): ProcessorTime {
  const service = readTimes(serviceId);
  const postmaster = readTimes(postmasterId);
  if (!service || !postmaster) {
    throw new Error('processor time is read from /proc, as Linux has it, of processes that run');
  }
  const backends = readdirSync('/proc')
    .map((name) => (/^\d+$/.test(name) ? readTimes(Number(name)) : undefined))
    .filter((times) => times?.parentId === postmasterId);
  return {
    serviceMs: service.ownMs,
    postgresMs: backends.reduce(
      (sum, times) => sum + (times?.ownMs ?? 0),
      postmaster.ownMs + postmaster.childrenMs,
    ),
  };
}

/** The parent of all processes of this PostgreSQL, which must be on this machine. */
export async function findPostmaster(database: Database): Promise<number> {
  const { rows } = await sql<{ id: number }>`select pg_backend_pid() as id`.execute(
    database.orm.em.fork().getKysely(),
  );
  const postmasterId = readTimes(rows[0]?.id ?? 0)?.parentId;
  if (!postmasterId) {
    throw new Error('PostgreSQL has no processes in /proc here');
  }
  return postmasterId;
}

/** Undefined when the process has ended meanwhile. */
function readTimes(processId: number): ProcessTimes | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // After the name, which may contain spaces: state, parent; eleven fields later four times, its own and its children's.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [own = 0, ownSystem = 0, children = 0, childrenSystem = 0] = fields.slice(11, 15).map(Number);
  return {
    parentId: Number(fields[1]),
    ownMs: (own + ownSystem) * TICK_MS,
    childrenMs: (children + childrenSystem) * TICK_MS,
  };
}
