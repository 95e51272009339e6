/** Which sets of a joined file are copies, and which were done again. */
import { describe, expect, test } from 'vitest';
import { mergeCopies } from '../../src/training-logs/merge-copies.ts';
import type { LoggedSet, RowFaultReason } from '../../src/training-logs/training-log.ts';

interface Row {
  readonly sets: readonly LoggedSet[];
  readonly faults: readonly { readonly reason: RowFaultReason }[];
}

const HEADER: Row = { sets: [], faults: [{ reason: 'HEADER_AGAIN' }] };

/** Rows of one set each, from texts such as `mon squat 100 1`: day, exercise, weight and mark. */
function rowsOf(...texts: string[]): Row[] {
  return texts.map((text, index) => {
    const [day = '', exercise = '', weight = '', mark = null] = text.split(' ');
    const at = BigInt(['mon', 'wed', 'fri'].indexOf(day));
    const set = {
      at,
      workout: '',
      exercise,
      kind: 'WORK',
      setNumber: null,
      mark,
      weight,
      unit: 'kg',
    } as const;
    return text === 'HEADER'
      ? HEADER
      : { sets: [{ ...set, line: index + 2, targetReps: null, reps: 5, rpe: null }], faults: [] };
  });
}

function merged(...texts: string[]) {
  const { sets, copies } = mergeCopies(rowsOf(...texts));
  return { kept: sets.map(({ line }) => line), copies: copies.map(({ line }) => line) };
}

test('equal sets within one session are further sets', () => {
  expect(merged('mon squat 100', 'mon squat 100', 'mon bench 60', 'wed squat 100')).toEqual({
    kept: [2, 3, 4, 5],
    copies: [],
  });
});

describe('a file joined from two copies', () => {
  test('has each set once', () => {
    const copy = ['mon squat 100', 'mon squat 100', 'wed squat 105'];

    expect(merged(...copy, ...copy)).toEqual({ kept: [2, 3, 4], copies: [5, 6, 7] });
  });

  test('has the sets of only the longer copy, wherever they are', () => {
    const shorter = ['wed squat 105', 'mon squat 100'];
    const longer = ['fri squat 110', 'wed squat 105', 'wed squat 105', 'wed bench 60', 'mon squat 100'];

    expect(merged(...shorter, ...longer)).toEqual({ kept: [2, 3, 4, 6, 7], copies: [5, 8] });
    expect(merged(...longer, ...shorter)).toEqual({ kept: [2, 3, 4, 5, 6], copies: [7, 8] });
  });

  test('has one session once, when the header is repeated between its copies', () => {
    expect(merged('mon squat 100', 'mon squat 100', 'HEADER', 'mon squat 100', 'mon squat 100')).toEqual({
      kept: [2, 3],
      copies: [5, 6],
    });
  });
});

describe('a block that repeats its sets', () => {
  test('is a copy when its sets have numbers', () => {
    const session = ['mon squat 100 1', 'mon squat 100 2', 'mon bench 60 1'];

    expect(merged(...session, ...session)).toEqual({ kept: [2, 3, 4], copies: [5, 6, 7] });
  });

  test('is not a copy when it is only partly equal', () => {
    expect(merged('mon squat 100 1', 'mon squat 100 2', 'mon squat 100 1').copies).toEqual([]);
  });

  test('is not a copy when its sets have only kinds, which can repeat', () => {
    expect(merged('mon squat 100 D', 'mon squat 100 D').copies).toEqual([]);
  });
});

test('a row of several sets is named once for each exercise', () => {
  const [row] = rowsOf('mon squat 100 1');
  const sets = ['1', '2'].flatMap((mark) => row?.sets.map((set) => ({ ...set, mark })) ?? []);
  const { copies } = mergeCopies([{ sets, faults: [] }, HEADER, { sets, faults: [] }]);

  expect(copies).toEqual([{ line: 2, reason: 'COPY', detail: 'squat' }]);
});
