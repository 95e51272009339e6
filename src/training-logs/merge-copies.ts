/** Distinguishes copies, in a file that was joined from two exports, from repeated sets. */
import type { LoggedSet, RowFault } from './training-log.ts';

/** The relevant parts of a row; a repeated header row separates two files. */
interface Row {
  readonly sets: readonly LoggedSet[];
  readonly faults: readonly Pick<RowFault, 'reason'>[];
}

/** Consecutive sets of one session in the file. */
interface Block {
  readonly session: string;
  readonly sets: LoggedSet[];
}

/**
 * An export has each session once, as one block of rows. When a file has several blocks of a session, each set counts as
 * often as in the block that has it most often: two copies count once, and sets of only one block count too. When a block
 * consists of the same marked sets twice, these are copies as well; without marks they may be further sets.
 */
export function mergeCopies(rows: readonly Row[]): { sets: LoggedSet[]; copies: RowFault[] } {
  const sets: LoggedSet[] = [];
  const copies: RowFault[] = [];
  const kept = new Map<string, number>();
  const refuse = ({ line, exercise }: LoggedSet) => {
    const last = copies.at(-1);
    if (last?.line !== line || last.detail !== exercise) {
      copies.push({ line, reason: 'COPY', detail: exercise });
    }
  };
  for (const { session, sets: all } of blocksOf(rows)) {
    const period = periodOf(all);
    const inBlock = new Map<string, number>();
    for (const [index, set] of all.entries()) {
      const content = `${session} ${contentOf(set)}`;
      const count = (inBlock.get(content) ?? 0) + 1;
      if (index >= period || count <= (kept.get(content) ?? 0)) {
        refuse(set);
      } else {
        sets.push(set);
        kept.set(content, count);
      }
      inBlock.set(content, count);
    }
  }
  return { sets, copies };
}

function blocksOf(rows: readonly Row[]): Block[] {
  const blocks: Block[] = [];
  let isSeam = true;
  for (const { sets, faults } of rows) {
    isSeam ||= faults.some(({ reason }) => reason === 'HEADER_AGAIN');
    for (const set of sets) {
      const session = JSON.stringify([String(set.at), set.workout]);
      const last = blocks.at(-1);
      if (last && !isSeam && last.session === session) {
        last.sets.push(set);
      } else {
        blocks.push({ session, sets: [set] });
      }
      isSeam = false;
    }
  }
  return blocks;
}

function contentOf({
  exercise,
  kind,
  mark,
  setNumber,
  weight,
  unit,
  targetReps,
  reps,
  rpe,
}: LoggedSet): string {
  return JSON.stringify([exercise, kind, mark, setNumber, weight, unit, targetReps, reps, rpe]);
}

/**
 * The number of sets after which the block repeats itself to its end; all of them when it does not. Only a number proves
 * that a set is a copy: two consecutive drop sets can be equal.
 */
function periodOf(sets: readonly LoggedSet[]): number {
  const contents = sets.map(contentOf);
  const isPeriod = (period: number) =>
    sets.slice(0, period).some(({ mark }) => mark !== null && /^\d/.test(mark)) &&
    contents.every((content, index) => index < period || content === contents[index - period]);
  for (let period = 1; period <= contents.length / 2; period += 1) {
    if (contents.length % period === 0 && isPeriod(period)) {
      return period;
    }
  }
  return contents.length;
}
