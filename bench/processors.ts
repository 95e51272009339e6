/** Gives the load generator a processor of its own, so that it takes no processor time from the service. */
import { execFileSync } from 'node:child_process';

export interface Processors {
  /** What was done, to be printed with the figures. */
  readonly description: string;
  /** Pins this process, and processes that it starts later, to the processors of the service. */
  joinService(): void;
  /** Pins this process to the processor of the load; processes that it has started stay where they are. */
  joinLoad(): void;
}

/** One processor for the load, all others for the service and its PostgreSQL; needs `taskset`. */
export function divideProcessors(): Processors {
  const [load, ...service] = allowedProcessors().reverse();
  if (load === undefined || service.length === 0) {
    const description = 'shared by all: taskset (util-linux) and two processors would keep the load apart';
    return { description, joinService() {}, joinLoad() {} };
  }
  return {
    description: `${load} for the load, ${service.join(',')} for the service and PostgreSQL, in every phase`,
    joinService: () => void taskset(service.join(',')),
    joinLoad: () => void taskset(load),
  };
}

/** Empty when it is unknown. */
function allowedProcessors(): string[] {
  try {
    const [, list = ''] = /: (.*)$/m.exec(taskset()) ?? [];
    return list.split(',').flatMap((range) => {
      const [from, to] = range.split('-').map(Number);
      return Array.from({ length: (to ?? from ?? 0) - (from ?? 0) + 1 }, (_, i) => String((from ?? 0) + i));
    });
  } catch {
    return [];
  }
}

/** Every thread of this process. */
function taskset(...to: string[]): string {
  return execFileSync('taskset', ['-a', '-c', '-p', ...to, String(process.pid)], { encoding: 'utf8' });
}
