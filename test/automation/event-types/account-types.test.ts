/** What an account's events and fields are, and how an athlete looks to filters: in the process and in SQL. */

import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AccountTypes, loadAccountTypes } from '../../../src/automation/event-types/account-types.ts';
import {
  ATHLETE_FIELDS,
  athleteDocument,
  athleteDocumentSql,
} from '../../../src/automation/event-types/athlete-document.ts';
import type { FilterField } from '../../../src/filters/filter.ts';
import { FieldType } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { getUser } from '../../../src/store/lock-user.ts';
import { instantFromText } from '../../../src/values/instant.ts';
import { type AutomationClient, createAutomationClient } from '../../support/automation.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: AutomationClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createAutomationClient(db.database);
});

const load = () => db.database.transaction(client.accountId, loadAccountTypes);

function resolve(types: AccountTypes, eventName: string, field: string): FilterField | undefined {
  return types.fieldCatalogue(present(types.eventType(eventName))).resolve(field);
}

describe('an account', () => {
  test('without definitions has the built-in events and fields', async () => {
    const types = await load();

    expect(types.eventTypes).toHaveLength(47);
    expect(types.eventType('contact.created')?.name).toBe('contact_created');
    expect(types.eventType('custom.checked_in')).toBeUndefined();
    for (const { name, type } of ATHLETE_FIELDS) {
      const path = { scope: 'athlete', path: [name], type };
      expect(resolve(types, 'session_missed', `athlete.${name}`)).toMatchObject(path);
      expect(resolve(types, 'session_missed', name)).toMatchObject(path);
    }
    expect(resolve(types, 'session_missed', 'custom.level')).toBeUndefined();
  });

  test('has its own events and fields as well, and not those of another account', async () => {
    const fields = [{ name: 'mood', type: FieldType.INT, description: 'How they feel.' }];
    await client.triggers.defineEventType({ name: 'custom.checked_in', fields });
    await client.triggers.defineField({ field: { path: 'custom.level', type: FieldType.INT } });
    await client.triggers.defineField({ field: { path: 'answers.goal', type: FieldType.STRING } });

    const types = await load();
    expect(types.eventType('custom.checked_in')).toMatchObject({ category: 'custom', hasPrevious: false });
    expect(resolve(types, 'custom.checked_in', 'mood')).toMatchObject({ scope: 'event', type: 'int' });
    expect(resolve(types, 'custom.checked_in', 'custom.level')).toMatchObject({
      ...{ scope: 'custom', path: ['attributes', 'level'], type: 'int' },
    });
    for (const name of ['athlete.level', 'level']) {
      expect(resolve(types, 'custom.checked_in', name)).toMatchObject({ path: ['attributes', 'level'] });
    }
    expect(resolve(types, 'form_submitted', 'answers.goal')).toMatchObject({
      ...{ scope: 'answers', path: ['answers', 'goal'], type: 'string' },
    });
    const others = await db.database.transaction(
      createAutomationClient(db.database).accountId,
      loadAccountTypes,
    );
    expect(others.eventType('custom.checked_in')).toBeUndefined();
    expect(resolve(others, 'session_missed', 'custom.level')).toBeUndefined();
  });

  test('gives the same catalogue for the same event each time', async () => {
    const types = await load();
    const [missed, won] = ['session_missed', 'deal_won'].map((name) => present(types.eventType(name)));
    expect(types.fieldCatalogue(present(missed))).toBe(types.fieldCatalogue(present(missed)));
    expect(types.fieldCatalogue(present(missed))).not.toBe(types.fieldCatalogue(present(won)));
  });

  test('marks personal fields under each of their names', async () => {
    const field = { path: 'custom.nickname', type: FieldType.STRING, isPersonal: true };
    await client.triggers.defineField({ field });
    const types = await load();
    const created = present(types.eventType('contact_created'));
    for (const name of [
      'name',
      'athlete.name',
      'birth_date',
      'custom.nickname',
      'athlete.nickname',
      'nickname',
    ]) {
      expect(types.isPersonal(created, name), name).toBe(true);
    }
    for (const name of ['time_zone', 'tags', 'athlete.id', 'none']) {
      expect(types.isPersonal(created, name), name).toBe(false);
    }
  });
});

describe('an athlete’s document', () => {
  test.each<[string, { timeZone?: string; birthDate?: string; optedOut?: boolean }]>([
    ['with a full profile', { timeZone: 'Europe/Berlin', birthDate: '0099-02-28', optedOut: true }],
    ['with nothing but a name', {}],
  ])('is the same in the process and in SQL: %s', async (_, { optedOut, ...profile }) => {
    const attributes = { level: 3.25, goal: 'stärker', none: false, sports: ['judo', 'row'] };
    const init = { name: 'Ünal "the" Lifter\\', tags: ['vip', 'new'], attributes, ...profile };
    const clock = () => instantFromText('2026-03-01T23:05:06.7Z');
    const { accountId } = client;
    const { user } = await createAutomationClient(db.database, { accountId, clock }).users.createUser(init);
    const userId = present(user).id;
    await client.users.updateUser({ userId, optedOut });

    const [inProcess, inSql] = await db.database.transaction(client.accountId, async (tx) => {
      const { rows } = await sql<{ document: unknown }>`
        select ${athleteDocumentSql('athlete')} as document from users athlete
        where account_id = ${tx.accountId} and id = ${userId}`.execute(tx.sql);
      return [athleteDocument(await getUser(tx, userId)), rows[0]?.document];
    });

    expect(inSql).toEqual(inProcess);
    expect(inProcess).toEqual({
      id: userId,
      name: init.name,
      birth_date: profile.birthDate ?? null,
      time_zone: profile.timeZone ?? null,
      tags: ['vip', 'new'],
      created_at: '2026-03-01T23:05:06.700000Z',
      opted_out: optedOut ?? false,
      attributes,
    });
    expect(Object.keys(inProcess as object)).toEqual([
      ...ATHLETE_FIELDS.map(({ name }) => name),
      'attributes',
    ]);
  });
});
