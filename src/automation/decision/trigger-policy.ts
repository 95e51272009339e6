/** Converts a trigger's settings into the policy that evaluation reads. */
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import {
  type BusinessHours,
  type EnrollmentCap,
  EnrollmentPolicy,
  type TriggerSettings,
  TriggerSettingsSchema,
} from '../../gen/automation/v1/trigger_pb.ts';

export interface TriggerPolicy {
  /** Values that the event's fields must equal. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly policy: 'ONCE_EVER' | 'ONE_ACTIVE' | 'MULTIPLE';
  /** Microseconds; 0 means no cooldown. */
  readonly cooldown: bigint;
  readonly limit: RateLimit | null;
  readonly cap: Cap | null;
  /** 0 to 9; 9 is decided first. */
  readonly priority: number;
  readonly businessHours: BusinessHours | null;
}

/** At most `count` enrollments of an athlete in any window of `window` microseconds. */
export interface RateLimit {
  readonly count: number;
  readonly window: bigint;
}

/** At most `count` enrollments of all athletes in each window of the counter. */
export interface Cap {
  /** Name of the counter: `shared:` and the cap's name, or `toOwnCapName`. */
  readonly name: string;
  readonly count: number;
  readonly windowSeconds: bigint;
}

/** Reads the stored proto3 JSON. Throws when the JSON does not fit the message. */
export function readStoredPolicy(settings: unknown, workflowId: string): TriggerPolicy {
  return toTriggerPolicy(fromJson(TriggerSettingsSchema, settings as JsonValue), workflowId);
}

export function toTriggerPolicy(settings: TriggerSettings, workflowId: string): TriggerPolicy {
  const { configuration, cooldown, limit, cap, priority, businessHours } = settings;
  return {
    configuration,
    policy: toPolicyName(settings.policy),
    cooldown: toMicroseconds(cooldown),
    limit: limit ? { count: limit.count, window: toMicroseconds(limit.window) } : null,
    cap: cap ? toCap(cap, workflowId) : null,
    priority,
    businessHours: businessHours ?? null,
  };
}

function toCap({ name, count, window }: EnrollmentCap, workflowId: string): Cap {
  const windowSeconds = window?.seconds ?? 0n;
  if (windowSeconds <= 0n) {
    throw new TypeError('settings.cap.window: must be a second or longer');
  }
  return { name: name ? `shared:${name}` : toOwnCapName(workflowId), count, windowSeconds };
}

/** Name of the counters of a workflow's unnamed caps, which no other workflow shares. */
export function toOwnCapName(workflowId: string): string {
  return `own:${workflowId}`;
}

function toPolicyName(policy: EnrollmentPolicy): TriggerPolicy['policy'] {
  switch (policy) {
    case EnrollmentPolicy.MULTIPLE:
      return 'MULTIPLE';
    case EnrollmentPolicy.ONE_ACTIVE:
      return 'ONE_ACTIVE';
    default:
      return 'ONCE_EVER';
  }
}

function toMicroseconds(duration: Duration | undefined): bigint {
  return duration ? duration.seconds * 1_000_000n + BigInt(Math.trunc(duration.nanos / 1000)) : 0n;
}
