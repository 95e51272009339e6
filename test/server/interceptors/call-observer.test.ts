/** Which traces a call is taken to be part of. */
import { expect, test } from 'vitest';
import { traceParentIn } from '../../../src/server/interceptors/call-observer.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

function read(traceparent: string) {
  return traceParentIn(new Headers({ traceparent }));
}

test.each([
  ['sampled', `00-${TRACE_ID}-${SPAN_ID}-01`, true],
  ['not sampled', `00-${TRACE_ID}-${SPAN_ID}-00`, false],
  ['with flags that are not known yet', `00-${TRACE_ID}-${SPAN_ID}-0b`, true],
  ['of a later version', `01-${TRACE_ID}-${SPAN_ID}-01`, true],
  ['of a later version that says more', `cc-${TRACE_ID}-${SPAN_ID}-00-more`, false],
])('one that is %s', (_, traceparent, isSampled) => {
  expect(read(traceparent)).toEqual({ traceId: TRACE_ID, spanId: SPAN_ID, isSampled });
});

test.each([
  ['empty', ''],
  ['of the version that is none', `ff-${TRACE_ID}-${SPAN_ID}-01`],
  ['of version 00 and says more', `00-${TRACE_ID}-${SPAN_ID}-01-more`],
  ['without a trace', `00-${'0'.repeat(32)}-${SPAN_ID}-01`],
  ['without a span', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
  ['in upper case', `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`],
  ['too short', `00-${TRACE_ID.slice(1)}-${SPAN_ID}-01`],
  ['without flags', `00-${TRACE_ID}-${SPAN_ID}`],
])('one that is %s is ignored', (_, traceparent) => {
  expect(read(traceparent)).toBeUndefined();
});

test('there may be none', () => {
  expect(traceParentIn(new Headers())).toBeUndefined();
});
