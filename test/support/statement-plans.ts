/** The generic plan of a statement: the indexes that it uses, and their conditions. */
import type { Database } from '../../src/store/database.ts';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Each scan of the table, as `index: condition`; `Seq Scan: undefined` without an index. */
export async function looksOf(database: Database, text: string, table: string): Promise<string[]> {
  const parameters = new Set(text.match(/\$\d+/g)).size;
  const nulls = parameters > 0 ? `(${Array.from({ length: parameters }, () => 'null').join(', ')})` : '';
  return database.orm.em.fork().transactional(async (em) => {
    const run = (statement: string) =>
      em.getConnection().execute(statement, [], 'all', em.getTransactionContext());
    await run('set local plan_cache_mode = force_generic_plan');
    await run(`prepare young as ${text}`);
    const [row] = await run(`explain (format json) execute young ${nulls}`);
    await run('deallocate young');
    const found: string[] = [];
    const walk = (node: PlanNode): void => {
      if (node['Relation Name'] === table) {
        found.push(`${node['Index Name'] ?? node['Node Type']}: ${node['Index Cond']}`);
      }
      for (const child of node.Plans ?? []) {
        walk(child);
      }
    };
    walk(row?.['QUERY PLAN'][0].Plan);
    return found;
  });
}
