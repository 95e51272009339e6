/** Asks the process again and again whether it is ready, and does not change its mind at every answer. */
import type { Limits } from '../config/config.ts';

export interface Readiness {
  ready(): boolean;
  stop(): void;
}

export type ReadinessLimits = Pick<
  Limits,
  'readinessIntervalMs' | 'readinessFailures' | 'readinessSuccesses'
>;

/**
 * Asks once before it resolves, which decides, then every `readinessIntervalMs` after the last answer. From then on it
 * takes `readinessFailures` times "no" in a row to be ready no more, and `readinessSuccesses` times "yes" to be ready
 * again. A question that fails, or is not answered within the interval, is a "no". Calls `onAnswer` after each with
 * what holds.
 */
export async function watchReadiness(
  isReady: () => Promise<boolean>,
  limits: ReadinessLimits,
  onAnswer: (ready: boolean) => void,
): Promise<Readiness> {
  const { readinessIntervalMs: intervalMs, readinessFailures, readinessSuccesses } = limits;
  let ready = false;
  let isFirst = true;
  /** Answers in a row that say otherwise. */
  let contrary = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function ask(): Promise<void> {
    const question = (async () => isReady())();
    const answer = await inTime(question, intervalMs).catch(() => false);
    if (!stopped) {
      contrary = answer === ready ? 0 : contrary + 1;
      if (contrary >= (isFirst ? 1 : ready ? readinessFailures : readinessSuccesses)) {
        ready = answer;
        contrary = 0;
      }
      isFirst = false;
      onAnswer(ready);
      timer = setTimeout(ask, intervalMs).unref();
    }
  }

  await ask();
  return {
    ready: () => ready,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function inTime(question: Promise<boolean>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  return Promise.race([question, late]).finally(() => clearTimeout(timer));
}
