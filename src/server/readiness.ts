/** Asks the process again and again whether it is ready, and takes no answer for a no. */

export interface Readiness {
  ready(): boolean;
  stop(): void;
}

/**
 * Asks once before it resolves, then every `intervalMs` after the last answer; calls `onAnswer` with each. A
 * question that fails, or is not answered within `intervalMs`, counts as "not ready".
 */
export async function watchReadiness(
  isReady: () => Promise<boolean>,
  intervalMs: number,
  onAnswer: (ready: boolean) => void,
): Promise<Readiness> {
  let ready = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function ask(): Promise<void> {
    const question = (async () => isReady())();
    const answer = await inTime(question, intervalMs).catch(() => false);
    if (!stopped) {
      ready = answer;
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
