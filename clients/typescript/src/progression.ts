/** The messages, enums and services of progression.v1. */
export * from './gen/progression/v1/audit_service_pb.js';
export * from './gen/progression/v1/common_pb.js';
export * from './gen/progression/v1/program_service_pb.js';
export * from './gen/progression/v1/progression_service_pb.js';
export * from './gen/progression/v1/user_service_pb.js';
