/** Metrics of the trigger queue's transactions. */
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { createAthlete, createTeammate } from '../support/fixtures.ts';
import { linear } from '../support/rule-fixtures.ts';
import { holdUser } from './hold-user.ts';
import { startObservedService } from './observed-service.ts';

const METHOD = 'progression.v1.ProgressionService/HandleSessionComplete';

function sample(scraped: string, name: string): number {
  const line = scraped.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

test('events that share a transaction are counted as one of that size', async () => {
  const service = await startObservedService();
  const first = await createAthlete(service.database, { lifts: { squat: '100' }, rules: [linear()] });
  const athletes = [first];
  for (let number = 1; number < 12; number += 1) {
    athletes.push(await createTeammate(service.database, first, { squat: '100' }));
  }
  await Promise.all(
    athletes.map(async ({ userId, accountId, liftIds }) => {
      const session = { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed: [liftIds.squat] };
      const { status } = await service.call(METHOD, { userId, session }, { 'x-account-id': accountId });
      expect(status).toBe(200);
    }),
  );

  const scraped = await service.scrape();
  expect(sample(scraped, 'progression_group_events_sum{outcome="committed"}')).toBe(12);
  const groups = sample(scraped, 'progression_group_events_count{outcome="committed"}');
  expect(groups).toBeGreaterThan(0);
  expect(sample(scraped, 'progression_group_duration_seconds_count{outcome="committed"}')).toBe(groups);
  expect(sample(scraped, 'progression_queue_events{transaction="shared"}')).toBe(0);
  expect(sample(scraped, 'progression_queue_limit')).toBe(readConfig({}).limits.queuedEvents);
});

test('an event whose athlete another transaction has locked is counted as a single run', async () => {
  const service = await startObservedService();
  const { userId, accountId, liftIds } = await createAthlete(service.database, {
    lifts: { squat: '100' },
    rules: [linear()],
  });
  const release = await holdUser(service.database, accountId, userId);
  const session = { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed: [liftIds.squat] };
  const answer = service.call(METHOD, { userId, session }, { 'x-account-id': accountId });
  await expect.poll(async () => sample(await service.scrape(), 'progression_queue_running')).toBe(1);
  expect(
    sample(await service.scrape(), 'db_client_connection_count{db_client_connection_state="used"}'),
  ).toBeGreaterThan(0);
  await release();
  expect((await answer).status).toBe(200);
  expect(sample(await service.scrape(), 'progression_queue_running')).toBe(0);
});
