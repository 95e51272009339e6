/**
 * A workflow whose trigger this version cannot read, and an event that fails for it again and again until it is a dead
 * letter. No method stores such a trigger: an older version of the service could have.
 */
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { sql } from 'kysely';
import { DEMO_ACCOUNT_ID } from '../../config/config.ts';
import { PublishedEventSchema } from '../../gen/automation/v1/event_service_pb.ts';
import type { Database } from '../../store/database.ts';
import { seededId } from '../seed-demo-account.ts';
import type { DemoClients } from './demo-clients.ts';

/** After the workflow is activated, which needs a valid trigger, and before an event is evaluated. */
export async function makeUnreadable(database: Database, triggerId: string): Promise<void> {
  await database.transaction(DEMO_ACCOUNT_ID, (tx) =>
    sql`
      update workflow_triggers set filters = jsonb_set(filters::jsonb, '{conditions,0,operator}', '"has_word"')
      where account_id = ${tx.accountId} and id = ${triggerId}`.execute(tx.sql),
  );
}

export async function publishFailingEvent({ events }: DemoClients, atMs: number): Promise<void> {
  const event = create(PublishedEventSchema, {
    id: seededId('history/event no-show'),
    type: 'appointment_no_show',
    userId: seededId('user/Demo Comeback'),
    occurredAt: timestampFromMs(atMs),
    data: { appointment_id: seededId('history/appointment'), kind: 'check-in' },
  });
  await events.publishEvents({ events: [event] });
}
