/** Liquid templates: what is one, what they name, what they may not do, and what comes of them. */
import type { JsonObject } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { createAccountTypes } from '../../../src/automation/event-types/account-types.ts';
import { templateFaults } from '../../../src/automation/liquid/check-templates.ts';
import { parseTemplate, renderTemplate, TemplateFault } from '../../../src/automation/liquid/engine.ts';
import { pathsOf, renderAction } from '../../../src/automation/liquid/render-action.ts';
import { buildScope } from '../../../src/automation/liquid/scope.ts';
import { DEFAULT_LIMITS } from '../../../src/config/default-limits.ts';
import type { FieldType } from '../../../src/filters/filter.ts';
import { ActionSchema } from '../../../src/gen/automation/v1/action_pb.ts';

const types = createAccountTypes(
  [],
  [{ path: 'custom.level', type: 'int', description: '', isPersonal: false }],
);
const names = {
  types,
  triggerType: types.eventType('lift_max_changed'),
  earlierSteps: ['', 'lookup'],
  secrets: new Set(['token']),
};

function faultsOf(text: string, more: Partial<typeof names> = {}, type?: FieldType): string[] {
  const place = { path: 'p', text, takesValue: true };
  return templateFaults([place], { ...names, ...more }, () => type, DEFAULT_LIMITS).map(
    ({ description }) => description,
  );
}

const EVENT: JsonObject = {
  ...{ id: 'e1', type: 'lift_max_changed', occurred_at: '2026-11-20T12:00:00Z' },
  ...{ data: { value: '102.5', lift_slug: 'squat', utm: { source: 'ad' } }, previous: { value: '100' } },
};
const ATHLETE: JsonObject = { name: 'Ana', tags: ['a', 'b'], attributes: { level: 3, name: 'shadowed' } };

function rendered(text: string, steps: JsonObject = {}): string {
  const parsed = parseTemplate(text, DEFAULT_LIMITS);
  const secrets = new Map([['token', 'xoxb']]);
  const scope = buildScope({ event: EVENT, athlete: ATHLETE, steps, secrets }, parsed.paths);
  return renderTemplate(parsed, scope, DEFAULT_LIMITS);
}

describe('a template', () => {
  test.each([
    ['{{ event.value }} kg', '102.5 kg'],
    ['{{ event.previous.value }} → {{ event.value | minus: event.previous.value }}', '100 → 2.5'],
    ['{{ event.type }} at {{ event.occurred_at | date: "%Y" }}', 'lift_max_changed at 2026'],
    ['Hi {{ athlete.name }}, {{ athlete.level }}, {{ athlete.custom.level }}', 'Hi Ana, 3, 3'],
    ['{% for tag in athlete.tags %}{{ tag | upcase }}{% endfor %} {{ athlete.tags.size }}', 'AB 2'],
    ['{% if event.note %}noted{% else %}{{ event.note | default: "none" }}{% endif %}', 'none'],
    ['[{{ event.note }}{{ athlete.custom.gone }}{{ steps.lookup.status }}]', '[]'],
    ['Basic {{ "AC1:" | append: secrets.token | base64_encode }}', `Basic ${btoa('AC1:xoxb')}`],
    ['{{ "{{ athlete.name }}" }}', '{{ athlete.name }}'],
  ])('%s gives %s', (text, expected) => {
    expect(rendered(text)).toBe(expected);
  });

  test('reads the answer to an earlier webhook, and fails where the answer lacks a name', () => {
    const steps: JsonObject = { lookup: { status: 200, body: { id: 7, list: [{ name: 'x' }] } } };

    expect(rendered('{{ steps.lookup.body.id }} {{ steps.lookup.body.list[0].name }}', steps)).toBe('7 x');
    expect(() => rendered('{{ steps.lookup.body.gone }}', steps)).toThrow(TemplateFault);
    expect(rendered('{{ steps.lookup.body.id }}')).toBe('');
    expect(rendered('{{ steps.lookup.body.gone | default: 1 }}', steps)).toBe('1');
  });

  test('reads further data of the event, and fails where the event lacks a name', () => {
    expect(rendered('{{ event.data.value }} {{ event.data.utm.source }}')).toBe('102.5 ad');
    for (const missing of ['event.data.gone', 'event.data.utm.gone', 'event.data.value.gone']) {
      expect(() => rendered(`{{ ${missing} }}`), missing).toThrow(TemplateFault);
      expect(rendered(`{{ ${missing} | default: "none" }}`), missing).toBe('none');
    }
  });

  test('sees nothing but the data', () => {
    const scope = buildScope({ event: EVENT, athlete: null, steps: {}, secrets: new Map() }, []);
    for (const name of [
      'event.constructor',
      'event.__proto__',
      'globalThis',
      'process.env',
      'event.toString',
    ]) {
      const parsed = parseTemplate(`{{ ${name} }}`, DEFAULT_LIMITS);
      expect(() => renderTemplate(parsed, scope, DEFAULT_LIMITS), name).toThrow(TemplateFault);
    }
  });

  test.each([
    ['memory', '{% for i in (1..1000000000) %}x{% endfor %}'],
    [
      'time',
      '{% for i in (1..9000) %}{% for j in (1..9000) %}{% if i == 0 %}x{% endif %}{% endfor %}{% endfor %}',
    ],
    ['size', '{{ "x" }}{% for i in (1..9000) %}xxxxxxxxxx{% endfor %}'],
  ])('is ended at the limit of %s', (_, text) => {
    expect(() => rendered(text)).toThrow(TemplateFault);
  });
});

describe('when it is saved', () => {
  test.each([
    ['{{ event.value }} {{ event.previous.value }} {{ event.id }}'],
    ['{{ athlete.tags[0] }} {{ athlete.training.training_max.bench-press }} {{ athlete.birth_date }}'],
    ['{{ steps.lookup.body.a.b[0].c }} {{ steps.lookup.status }} {{ steps.lookup.outcome }}'],
    ['{{ event.answers.goal }} {{ secrets.token }}'],
  ])('%s is accepted', (text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  test.each([
    ['{{ event.amount }}', '{{ event.amount }} is not known: lift_max_changed has no such field'],
    ['{{ event.previous.amount }}', 'is not known: lift_max_changed has no such field'],
    ['{{ athlete.nmae }}', '{{ athlete.nmae }} is not known: the athlete has no such field'],
    ['{{ athlete.name.first }}', 'is not known: a value of type string has no parts'],
    ['{{ steps.later.status }}', 'no step before this one has the name'],
    ['{{ steps.lookup.answer }}', 'a step has outcome, reason, taken, status and body'],
    ['{{ secrets.other }}', 'the account has no such secret'],
    ['{{ env.HOME }}', 'there are event, athlete, steps and, for webhooks, secrets'],
    ['{{ event[athlete.name] }}', '{{ event.[…] }} must be'],
    ['{{ event }}', 'must be event, athlete, steps or secrets, and the name of one of its fields'],
    ['{{ event.value | shout }}', 'is no template: undefined filter: shout'],
    ['{% render "x" %}{{ event.value }}', 'is no template: tag "render" not found'],
    ['{{ event.value', 'is no template: output "{{ event.value" not closed'],
  ])('%s is refused', (text, problem) => {
    expect(faultsOf(text).join()).toContain(problem);
  });

  test('names below event.data are accepted where publishers send the event, and have no type', () => {
    const published = { triggerType: types.eventType('payment_received') };
    expect(faultsOf('{{ event.data.utm.source }} {{ event.data.amount }}', published)).toEqual([]);
    expect(faultsOf('{{ event.data.level }}', published, 'int')).toEqual([]);
    expect(faultsOf('{{ event.data.amount }}', published, 'int').join()).toContain('is of type decimal');
    expect(faultsOf('{{ event.data.value }}')).toEqual([]);
    expect(faultsOf('{{ event.data.utm }}').join()).toContain('others where the event is published');
  });

  test('any name of the event is accepted while the workflow has no trigger', () => {
    expect(faultsOf('{{ event.whatever }}', { triggerType: undefined })).toEqual([]);
  });

  test('a text without {{ is no template', () => {
    expect(faultsOf('{% nonsense %} }} 100 % | x')).toEqual([]);
  });

  test.each<[FieldType, string, string | undefined]>([
    ['decimal', '{{ event.value }}', undefined],
    ['decimal', '{{ event.value | times: 0.9 }}', undefined],
    ['decimal', '{{ athlete.custom.level }}', undefined],
    ['string', '{{ event.lift_id }}', undefined],
    ['int', '{{ steps.lookup.body.n }}', undefined],
    ['int', '{{ event.value }}', 'must be of type int, and {{ event.value }} is of type decimal'],
    ['decimal', '{{ athlete.name }}', 'must be of type decimal, and {{ athlete.name }} is of type string'],
    ['list', '{{ athlete.name }} x', 'must be a path alone'],
    ['bool', '{{ athlete.opted_out }}', undefined],
  ])('a place for a %s checks the type of %s', (type, text, problem) => {
    const faults = faultsOf(text, {}, type).join();
    expect(problem === undefined ? faults : faults.includes(problem)).toBe(problem === undefined ? '' : true);
  });
});

test('a path alone keeps the type of its value, and other texts of an action stay byte for byte', () => {
  const plain = 'Ünïcode 100 % {% raw %} }} \u00a0 | x';
  const action = create(ActionSchema, {
    action: {
      case: 'callWebhook',
      value: {
        url: 'https://example.org/{{ event.lift_slug }}?x=%7B%7B',
        headers: [{ name: 'x-plain', value: 'a {% b' }],
        body: {
          case: 'json',
          value: {
            level: '{{ athlete.level }}',
            tags: ' {{ athlete.tags }}',
            none: '{{ event.note }}',
            text: 'L{{ athlete.level }}',
            plain,
            list: [plain, '{{ athlete.level }}', 1, null],
          },
        },
      },
    },
  });
  const paths = pathsOf(action, DEFAULT_LIMITS);
  const scope = buildScope({ event: EVENT, athlete: ATHLETE, steps: {}, secrets: new Map() }, paths);

  expect(renderAction(action, scope, DEFAULT_LIMITS).action.value).toMatchObject({
    url: 'https://example.org/squat?x=%7B%7B',
    headers: [{ value: 'a {% b' }],
    body: {
      value: { level: 3, tags: ['a', 'b'], none: null, text: 'L3', plain, list: [plain, 3, 1, null] },
    },
  });
});
