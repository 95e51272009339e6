/** Polls the readiness check, and requires several equal answers before the status changes. */
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
 * The first check decides before this resolves; further checks follow `readinessIntervalMs` after the last
 * answer. `readinessFailures` consecutive failures end readiness, `readinessSuccesses` consecutive successes
 * restore it. A check that throws, or takes longer than the interval, is a failure. `onAnswer` is called with
 * the current status after each check.
 */
export async function watchReadiness(
  isReady: () => Promise<boolean>,
  limits: ReadinessLimits,
  onAnswer: (ready: boolean) => void,
): Promise<Readiness> {
  const { readinessIntervalMs: intervalMs, readinessFailures, readinessSuccesses } = limits;
  let ready = false;
  let isFirst = true;
  /** The number of consecutive answers that contradict the status. */
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
