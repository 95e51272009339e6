/** The messages, enums and services of automation.v1. */
export * from './gen/automation/v1/event_service_pb.js';
export * from './gen/automation/v1/trigger_service_pb.js';
export * from './gen/automation/v1/workflow_service_pb.js';
