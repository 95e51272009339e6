/** Server processes on one database that a test starts and kills, and JSON calls of automation's methods. */
import { v7 as uuidv7 } from 'uuid';
import { afterEach, expect } from 'vitest';
import { type ServiceProcess, startCommand, urlIn } from './service-process.ts';

export interface RunningServer extends ServiceProcess {
  readonly url: string;
}

/** Starts servers, with further variables of the environment; they are killed after each test. */
export function useKillableServers(databaseUrl: () => string) {
  let processes: ServiceProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.map(kill));
    processes = [];
  });
  return async (environment: Record<string, string> = {}): Promise<RunningServer> => {
    const process = startCommand(['serve'], { DATABASE_URL: databaseUrl(), ...environment });
    processes.push(process);
    return { ...process, url: urlIn(await process.firstLine) };
  };
}

export async function kill({ child, ended }: ServiceProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

/** Calls a method of automation.v1 by JSON, such as `EventService/PublishEvents`, and expects that it succeeds. */
export async function callAutomation(url: string, accountId: string, method: string, message: unknown) {
  const response = await fetch(`${url}/automation.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-account-id': accountId, 'idempotency-key': uuidv7() },
    body: JSON.stringify(message),
  });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text);
}
