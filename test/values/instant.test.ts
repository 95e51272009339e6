/** Instants: text, protobuf and back, to the microsecond. */
import { describe, expect, test } from 'vitest';
import {
  instantFromText,
  instantFromTimestamp,
  instantOfField,
  instantToText,
  instantToTimestamp,
} from '../../src/values/instant.ts';
import { systemClock } from '../../src/values/system-clock.ts';

describe('an instant', () => {
  test.each([
    ['1970-01-01 00:00:00+00', 0n],
    ['1970-01-01T00:00:00.000001Z', 1n],
    ['1969-12-31 23:59:59.999999+00', -1n],
    ['2026-03-01 10:00:00.12+00', 1_772_359_200_120_000n],
    ['2026-03-01 12:30:00.12+02:30', 1_772_359_200_120_000n],
    ['2026-03-01 05:00:00.12-05', 1_772_359_200_120_000n],
    ['1890-01-01 00:19:32+00:19:32', -2_524_521_600_000_000n],
    ['0001-01-01 00:00:00+00', -62_135_596_800_000_000n],
    ['0099-12-31 00:00:00+00', -59_011_545_600_000_000n],
    ['2000-02-29 00:00:00+00', 951_782_400_000_000n],
    ['9999-12-31 23:59:59.999999+00', 253_402_300_799_999_999n],
  ])('is read from %s, and again from its own text and timestamp', (text, instant) => {
    expect(instantFromText(text)).toBe(instant);
    expect(instantFromText(instantToText(instant))).toBe(instant);
    expect(instantFromTimestamp(instantToTimestamp(instant))).toBe(instant);
    expect(instantOfField(instantToTimestamp(instant), 'field')).toBe(instant);
  });

  test('has six decimals in text', () => {
    expect(instantToText(1_772_359_200_120_000n)).toBe('2026-03-01T10:00:00.120000Z');
    expect(instantToText(-1n)).toBe('1969-12-31T23:59:59.999999Z');
  });

  test('is not read from a text that is not a timestamp', () => {
    for (const text of ['', 'infinity', '2026-03-01', '0044-03-15 00:00:00+00 BC']) {
      expect(() => instantFromText(text)).toThrow(TypeError);
    }
  });

  test('is cut to microseconds', () => {
    expect(instantFromTimestamp({ seconds: 1n, nanos: 1999 })).toBe(1_000_001n);
  });

  test('of the system clock is the current time', () => {
    const before = BigInt(Date.now()) * 1000n;
    const now = systemClock();

    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThan(BigInt(Date.now() + 1) * 1000n);
  });
});

describe("a request's timestamp", () => {
  test.each([
    [-62_135_596_801n, 0],
    [253_402_300_800n, 0],
    [2n ** 63n - 1n, 0],
    [-(2n ** 63n), 0],
    [0n, -1],
    [0n, 1_000_000_000],
  ])('of %s s and %i ns is refused, with its field', (seconds, nanos) => {
    expect(() => instantOfField({ seconds, nanos }, 'occurred_at')).toThrowError(
      expect.objectContaining({
        reason: 'VALIDATION_FAILED',
        violations: [expect.objectContaining({ field: 'occurred_at' })],
      }),
    );
  });
});
