/** What a call weighs: how many calls a batch stands for, and how much a heavy call takes of the budget of such calls. */
import type { DescMethod, Message } from '@bufbuild/protobuf';
import { EventService } from '../../gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../gen/automation/v1/workflow_service_pb.ts';
import { ProgressionService } from '../../gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../gen/progression/v1/user_service_pb.ts';

/** The field of each batch that holds what could be calls of their own. */
const BATCHES: ReadonlyMap<DescMethod, string> = new Map<DescMethod, string>([
  [EventService.method.publishEvents, 'events'],
  [WorkflowService.method.enrollAthletes, 'userIds'],
  [ProgressionService.method.batchHandleTriggers, 'triggers'],
  [ProgressionService.method.setLiftMaxes, 'liftMaxes'],
]);

/** Methods that read an account's rows or an athlete's, however little is asked for. */
const SCANS: ReadonlySet<DescMethod> = new Set<DescMethod>([
  EventService.method.replayEvents,
  TriggerService.method.previewTrigger,
  TriggerService.method.getTriggerStats,
  WorkflowService.method.backfillWorkflow,
  UserService.method.exportUserData,
]);

const SCAN_UNITS = 4;
/** Items of one unit, in what is sent or asked for; fewer items are not heavy. */
const ITEMS_PER_UNIT = 125;

/** How many calls the request counts as. */
export function callsIn(method: DescMethod, message: Message): number {
  const held = readField(message, BATCHES.get(method));
  return Array.isArray(held) ? Math.max(held.length, 1) : 1;
}

/** The units that the request takes; 0: it is not heavy. */
export function heavyUnitsOf(method: DescMethod, message: Message): number {
  if (SCANS.has(method)) {
    return SCAN_UNITS;
  }
  const pageSize = readField(message, 'pageSize');
  const items = Math.max(callsIn(method, message), typeof pageSize === 'number' ? pageSize : 0);
  return items < ITEMS_PER_UNIT ? 0 : Math.min(Math.ceil(items / ITEMS_PER_UNIT), SCAN_UNITS);
}

function readField(message: Message, name: string | undefined): unknown {
  return name === undefined ? undefined : (message as unknown as Readonly<Record<string, unknown>>)[name];
}
