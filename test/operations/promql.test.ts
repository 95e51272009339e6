/** The reader of PromQL expressions, which the checks of alerts and dashboard use. */
import { expect, test } from 'vitest';
import { namesIn } from './promql.ts';

test.each([
  ['up == 0', ['up'], []],
  ['sum(rate(a_total{x="1"}[5m])) / sum(rate(b_total[5m])) > 0.01', ['a_total', 'b_total'], ['x']],
  ['histogram_quantile(0.95, sum by (le, m) (rate(a_bucket[$__rate_interval])))', ['a_bucket'], ['le', 'm']],
  ['a{x=~"b|c"} and on (i) sum by (i) (d) >= on (i) e offset 5m', ['a', 'd', 'e'], ['x', 'i']],
  ['label_values(up, instance)', ['up', 'instance'], []],
])('%s', (expression, metrics, labels) => {
  const names = namesIn(expression);
  expect([...names.metrics]).toEqual(metrics);
  expect([...names.labels].toSorted()).toEqual([...labels].toSorted());
});

test('values that are compared with', () => {
  expect(namesIn('a{x=~"b|c", y="d", z=~"$variable"}').values).toEqual([
    { label: 'x', value: 'b' },
    { label: 'x', value: 'c' },
    { label: 'y', value: 'd' },
  ]);
});
