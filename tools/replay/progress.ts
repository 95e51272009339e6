/** A progress bar on a terminal; nothing when standard error goes to a file. */
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number, total: number): void;
  /** Removes the bar. */
  stop(): void;
}

/** The library draws only on terminals. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  const format = '{bar} {value}/{total} calls, {eta_formatted} to go';
  const bar = new SingleBar({ stream, format, clearOnComplete: true }, Presets.shades_classic);
  let isStarted = false;
  return {
    update(done, total) {
      if (isStarted) {
        bar.update(done);
      } else {
        bar.start(total, done);
        isStarted = true;
      }
    },
    stop: () => bar.stop(),
  };
}
