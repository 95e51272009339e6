import { describe, expect, it } from 'vitest';
import { enumName, enumValue } from '../../src/calls/enum-name.ts';
import { MaxType, MaxTypeSchema } from '../../src/gen/progression/v1/common_pb.ts';

describe('the name of an enum value', () => {
  it('is the part after the shared prefix', () => {
    expect(enumName(MaxTypeSchema, MaxType.TRAINING_MAX)).toBe('TRAINING_MAX');
  });

  it('can be converted back to the value', () => {
    for (const { number } of MaxTypeSchema.values) {
      expect(enumValue(MaxTypeSchema, enumName(MaxTypeSchema, number))).toBe(number);
    }
  });

  it('does not exist for a number that the enum lacks', () => {
    expect(() => enumName(MaxTypeSchema, 99)).toThrow(TypeError);
  });

  it('is unspecified when the enum does not have it', () => {
    expect(enumValue(MaxTypeSchema, 'ONE_REP')).toBe(MaxType.UNSPECIFIED);
    expect(enumValue(MaxTypeSchema, '')).toBe(MaxType.UNSPECIFIED);
  });
});
