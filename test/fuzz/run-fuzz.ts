/**
 * `npm run fuzz -- --minutes 2`: random calls to every method, with hostile values in every field, in every encoding. No
 * call may meet a defect: the answer INTERNAL, or an error in the log. `--seed` repeats the calls of an earlier run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seed as seedDemoAccount } from '../../src/commands/seed-demo-account.ts';
import { startService } from '../../src/commands/start-service.ts';
import { readConfig } from '../../src/config/config.ts';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../src/gen/automation/v1/workflow_service_pb.ts';
import { AuditService } from '../../src/gen/progression/v1/audit_service_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { createLogger } from '../../src/server/logger.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/open-store.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { runFuzzCampaign } from './fuzz-campaign.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    calls: { type: 'string', default: '1000000000' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
  },
});
const SERVICES = [
  ...[UserService, ProgramService, ProgressionService, AuditService],
  ...[WorkflowService, TriggerService, EventService],
];
const ERROR_LEVEL = 50;

const dataDir = mkdtempSync(join(tmpdir(), 'progression-fuzz-'));
const errors: string[] = [];
const logger = createLogger('error', {
  write(line) {
    if (JSON.parse(line).level >= ERROR_LEVEL) {
      errors.push(line);
    }
  },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
print(`seed ${values.seed}`);
// Without workers: no webhook of a random workflow leaves this machine.
const environment = { PORT: '0', DATA_DIR: dataDir, AUTOMATION_WORKERS: 'off', CONSOLE: 'off' };
const config = readConfig({ ...environment, ACCOUNT_CALLS_PER_SECOND: '0', PEER_CALLS_PER_SECOND: '0' });
const store = await openStore(config, () => undefined);
try {
  await store.asOwner(migrate);
  await seedDemoAccount(store.database, systemClock);
  const server = await startService(config, store.database, logger);
  const findings = await runFuzzCampaign({
    ...{ url: server.url, methods: SERVICES.flatMap(({ methods }) => methods), seed: Number(values.seed) },
    ...{ durationMs: Number(values.minutes) * 60_000, calls: Number(values.calls), errors, print },
  });
  process.exitCode = findings > 0 ? 1 : 0;
  await server.close();
} finally {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
}
process.exit();
