/** Reasons of verdicts, and their conversion to and from the wire. */
import { enumName, enumValue } from '../../calls/enum-name.ts';
import {
  VerdictReasonSchema,
  type VerdictReason as WireReason,
} from '../../gen/automation/v1/trigger_service_pb.ts';

/** Why an event did or did not enroll the athlete; see `VerdictReason` in trigger_service.proto. */
export type VerdictReason =
  | 'ENROLLED'
  | 'NOT_MATCHED'
  | 'ALREADY_ENROLLED'
  | 'SUBJECT_DELETED'
  | 'OPTED_OUT'
  | 'LOOP_DEPTH'
  | 'LOOP_CYCLE'
  | 'COOLDOWN'
  | 'CAP_REACHED'
  | 'RATE_LIMITED'
  | 'OUTSIDE_BUSINESS_HOURS'
  | 'MISSED'
  | 'ERROR';

/** The values that decided, by name: RFC 3339 times, counts, ids. Never a personal value. */
export type VerdictValues = Readonly<Record<string, string>>;

export function toWireReason(reason: string): WireReason {
  return enumValue(VerdictReasonSchema, reason);
}

export function fromWireReason(reason: WireReason): string {
  return enumName(VerdictReasonSchema, reason);
}
