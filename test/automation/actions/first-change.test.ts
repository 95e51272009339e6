/** Up to which step two versions of a workflow are the same. */
import { describe, expect, it } from 'vitest';
import { firstChange } from '../../../src/automation/actions/tree/first-change.ts';

const tag = (name: string) => ({ addTag: { tag: name } });
const wait = { wait: { duration: '60s' } };
const split = (...lists: readonly unknown[][]) => ({
  split: { paths: lists.map((actions, index) => ({ name: `p${index}`, percent: 50, actions })) },
});
const ALL_THE_SAME = 2 ** 31 - 1;

describe('the first changed step is', () => {
  it.each<[string, unknown[], unknown[], number]>([
    ['none, when the steps are the same', [tag('a'), wait], [tag('a'), wait], ALL_THE_SAME],
    ['none, when only the order of fields differs', [{ a: 1, wait: {} }], [{ wait: {}, a: 1 }], ALL_THE_SAME],
    ['the one that does something else', [tag('a'), tag('b')], [tag('a'), tag('x')], 1],
    ['the one that was added at the end', [tag('a')], [tag('a'), wait], 1],
    ['the one that was removed from the end', [tag('a'), wait], [tag('a')], 1],
    ['the place of the one that was inserted', [tag('a'), tag('c')], [tag('a'), tag('b'), tag('c')], 1],
    [
      'one within a list, not the step that has the list',
      [wait, split([tag('a')])],
      [wait, split([tag('b')])],
      2,
    ],
    [
      'the step after a list that became longer',
      [split([tag('a')]), tag('z')],
      [split([tag('a'), tag('b')]), tag('z')],
      2,
    ],
    ['a step whose own part differs', [split([tag('a')])], [{ ...split([tag('a')]), name: 'x' }], 0],
    [
      'one behind a failure',
      [{ ...tag('a'), failureSteps: [tag('b')] }],
      [{ ...tag('a'), failureSteps: [tag('c')] }],
      1,
    ],
  ])('%s', (_, before, after, number) => {
    expect(firstChange(before, after)).toBe(number);
  });
});
