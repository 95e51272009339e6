/** Publishers wait while the evaluation of their account is far behind. */
import { Code, ConnectError } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { PublishOutcome } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { RetryInfoSchema } from '../../../src/gen/google/rpc/error_details_pb.ts';
import { createAutomationClient } from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createAutomatedAccount, evaluateAll } from '../evaluation/automated-account.ts';

const db = useTestDatabase();

test('events are refused, and none is written, while more than publishBacklog of the account wait', async () => {
  const account = await createAutomatedAccount(db.database);
  const options = { accountId: account.accountId, limits: { publishBacklog: 2 } };
  const { events } = createAutomationClient(db.database, options);
  const userId = await account.addAthlete();
  const event = () => ({ id: uuidv7(), type: 'deal_won', userId });
  await account.emit(userId, {}, {});
  const publish = () => events.publishEvents({ events: [event()] });
  expect((await publish()).results).toMatchObject([{ outcome: PublishOutcome.ACCEPTED }]);

  await expectRefusal(publish(), 'EVALUATION_BEHIND');
  const error = ConnectError.from(await publish().catch((thrown: unknown) => thrown));
  expect(error.code).toBe(Code.ResourceExhausted);
  expect(error.findDetails(RetryInfoSchema)).toMatchObject([{ retryDelay: { seconds: 5n } }]);

  const other = await createAutomatedAccount(db.database);
  const elsewhere = createAutomationClient(db.database, { ...options, accountId: other.accountId });
  const ofOther = { ...event(), userId: await other.addAthlete() };
  await elsewhere.events.publishEvents({ events: [ofOther] });

  await evaluateAll(account);
  expect((await publish()).results).toMatchObject([{ outcome: PublishOutcome.ACCEPTED }]);
});
