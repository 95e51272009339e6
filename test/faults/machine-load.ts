/** How busy the machine is, and from which load on its processes starve. */
import { cpus, loadavg } from 'node:os';

/**
 * Beyond this load other processes keep servers and clients from the processor. A request that is not answered then says
 * nothing about the service.
 */
export const LOAD_LIMIT = 5;

/** Processes that ran or could run, for each processor, as an average of the last minute. */
export function loadPerProcessor(): number {
  return (loadavg()[0] ?? 0) / cpus().length;
}
