/** A separate process that runs due steps in the database of its argument, until it is killed. */
import { createActionRunner } from '../../../src/automation/actions/action-runner.ts';
import { createWebhookPort } from '../../../src/automation/actions/webhook-port.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createEngine } from '../../../src/progression/service.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { systemClock } from '../../../src/values/system-clock.ts';

const [url = ''] = process.argv.slice(2);
const config = readConfig({});
const database = openDatabase(url, { connections: 10, connectionWaitMs: 10_000 });
const { queue } = createEngine({ database, config, clock: systemClock });
const runner = createActionRunner({
  ...{ database, config, queue, clock: systemClock, webhooks: createWebhookPort(config) },
  reportError: (error) => console.error(error),
});

console.log('running');
while (await runner.runOnce()) {}
