/** Reads where a database is from its URL. */
import type { PoolConfig } from 'pg';

/** Takes `postgres://user:password@host:port/database`. Throws TypeError for what is not a URL. */
export function serverOf(url: string): PoolConfig {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: decodeURIComponent(hostname),
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname).replace(/^\//, ''),
  };
}
