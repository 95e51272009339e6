/** Differences between two versions of a workflow, as JSON. */
import { describe, expect, it } from 'vitest';
import { findDifferences } from '../../../src/automation/configuration/differences.ts';

const tag = (name: string) => ({ add_tag: { tag: name } });

describe('the differences of two documents', () => {
  it.each([
    ['nothing, when they are equal', { a: [tag('x')] }, { a: [tag('x')] }, []],
    ['a changed text', { name: 'x' }, { name: 'y' }, [{ path: 'name', before: 'x', after: 'y' }]],
    ['an added field', {}, { name: 'y' }, [{ path: 'name', after: 'y' }]],
    ['a removed field', { name: 'x' }, {}, [{ path: 'name', before: 'x' }]],
    [
      'a step that was inserted, and no step behind it',
      { a: [tag('x'), tag('z')] },
      { a: [tag('x'), tag('y'), tag('z')] },
      [{ path: 'a[1]', after: tag('y') }],
    ],
    [
      'a step that was removed, by its former place',
      { a: [tag('x'), tag('y'), tag('z')] },
      { a: [tag('x'), tag('z')] },
      [{ path: 'a[1]', before: tag('y') }],
    ],
    [
      'a field of a step that moved and changed, by its new place',
      { a: [tag('x'), tag('z')] },
      { a: [tag('w'), tag('x'), tag('new')] },
      [
        { path: 'a[0]', after: tag('w') },
        { path: 'a[2].add_tag.tag', before: 'z', after: 'new' },
      ],
    ],
    [
      'a step of another kind, as one removed and one added',
      { a: [tag('x')] },
      { a: [{ remove_tag: { tag: 'x' } }] },
      [
        { path: 'a[0]', before: tag('x') },
        { path: 'a[0]', after: { remove_tag: { tag: 'x' } } },
      ],
    ],
    [
      'a step that changed, beside one of another kind that was inserted',
      { a: [tag('x')] },
      { a: [{ wait: {} }, tag('y')] },
      [
        { path: 'a[0]', after: { wait: {} } },
        { path: 'a[1].add_tag.tag', before: 'x', after: 'y' },
      ],
    ],
    [
      'a step within the list of a step',
      { a: [{ wait_for_event: { received: [tag('x')], timed_out: [tag('z')] } }] },
      { a: [{ wait_for_event: { received: [tag('y')], timed_out: [tag('z')] } }] },
      [{ path: 'a[0].wait_for_event.received[0].add_tag.tag', before: 'x', after: 'y' }],
    ],
    [
      'a list of numbers as a whole',
      { a: [200, 201] },
      { a: [200] },
      [{ path: 'a', before: [200, 201], after: [200] }],
    ],
  ])('are %s', (_, before, after, expected) => {
    expect(findDifferences(before, after)).toEqual(expected);
  });
});
