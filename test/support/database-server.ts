/** Makes and drops databases on the run's PostgreSQL. */
import { MikroORM } from '@mikro-orm/postgresql';

export interface AdminConnection {
  run(statement: string): Promise<void>;
  close(): Promise<void>;
}

/** A single connection for statements that stand outside any transaction, such as `create database`. */
export function openAdminConnection(url: string): AdminConnection {
  const orm = new MikroORM({
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    pool: { max: 1 },
  });
  return {
    async run(statement) {
      await orm.em.getConnection().execute(statement);
    },
    close: () => orm.close(),
  };
}

/** The address of another database on the same server. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
