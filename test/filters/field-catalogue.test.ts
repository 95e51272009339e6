/** How names resolve to fields. */
import { expect, test } from 'vitest';
import { createFieldCatalogue, type FieldDefinition } from '../../src/filters/field-catalogue.ts';

const field = (name: string, type: FieldDefinition['type'] = 'string'): FieldDefinition => ({
  name,
  type,
  isPersonal: name.includes('secret'),
});

const catalogue = createFieldCatalogue({
  event: [field('level', 'int'), field('note')],
  carriesDiff: true,
  athlete: [field('name'), field('tags', 'list')],
  account: [
    field('custom.level', 'decimal'),
    field('custom.secret'),
    field('custom.name', 'date'),
    field('athlete.goal'),
    field('answers.level', 'bool'),
    field('answers.weight', 'decimal'),
  ],
});

test('a bare name resolves to the event’s field, else to the athlete’s', () => {
  expect(catalogue.resolve('level')).toEqual({
    scope: 'event',
    path: ['level'],
    type: 'int',
    isPersonal: false,
  });
  expect(catalogue.resolve('tags')).toMatchObject({ scope: 'athlete', path: ['tags'] });
  expect(catalogue.resolve('name')).toMatchObject({ scope: 'athlete', path: ['name'], type: 'string' });
  expect(catalogue.resolve('secret')).toMatchObject({ scope: 'custom', path: ['attributes', 'secret'] });
});

test('an attribute has the names athlete.x and custom.x', () => {
  expect(catalogue.resolve('athlete.level')).toBe(catalogue.resolve('custom.level'));
  expect(catalogue.resolve('custom.goal')).toBe(catalogue.resolve('athlete.goal'));
  expect(catalogue.resolve('custom.level')).toEqual({
    scope: 'custom',
    path: ['attributes', 'level'],
    type: 'decimal',
    isPersonal: false,
  });
});

test('a built-in field keeps its name', () => {
  expect(catalogue.resolve('athlete.name')).toMatchObject({ scope: 'athlete', type: 'string' });
  expect(catalogue.resolve('custom.name')).toMatchObject({ scope: 'custom', type: 'date' });
});

test('an answer resolves only with its prefix', () => {
  expect(catalogue.resolve('answers.level')).toMatchObject({
    scope: 'answers',
    path: ['answers', 'level'],
    type: 'bool',
  });
  expect(catalogue.resolve('weight')).toBeUndefined();
});

test('a resolved field keeps isPersonal', () => {
  expect(catalogue.resolve('custom.secret')?.isPersonal).toBe(true);
  expect(catalogue.resolve('custom.level')?.isPersonal).toBe(false);
});

test('other names do not resolve', () => {
  for (const name of [
    '',
    'weight',
    'custom.',
    'custom',
    'athlete.note',
    'answers.goal',
    '__proto__',
    'constructor',
  ]) {
    expect(catalogue.resolve(name)).toBeUndefined();
  }
});

test('an account’s field without a prefix throws TypeError', () => {
  expect(() =>
    createFieldCatalogue({ event: [], carriesDiff: false, athlete: [], account: [field('level')] }),
  ).toThrow(TypeError);
});
