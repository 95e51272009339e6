/**
 * The permissions of each role, and those that a call needs: its method's, and those that the request's
 * fields add.
 */

import {
  type DescField,
  type DescMessage,
  type DescMethod,
  getOption,
  isFieldSet,
  type Message,
  type MessageShape,
  ScalarType,
} from '@bufbuild/protobuf';
import { fieldValue, messagesIn } from '../../calls/message-fields.ts';
import {
  field_permission as fieldPermission,
  permission as methodPermission,
  Permission,
} from '../../gen/progression/v1/access_pb.ts';

const READS = [
  Permission.CATALOG_READ,
  Permission.USERS_READ,
  Permission.USERS_LIST,
  Permission.ENROLLMENTS_READ,
  Permission.PROGRESSION_READ,
  Permission.PROGRESSION_SIMULATE,
  Permission.ATHLETES_OTHERS,
  Permission.AUTOMATION_READ,
] as const;

const ROLES: Readonly<Record<string, ReadonlySet<Permission>>> = {
  /** All permissions. */
  admin: new Set(Object.values(Permission).filter((each) => each !== Permission.UNSPECIFIED)),
  /** The catalogue and the athletes; no event reporting, no forcing, no exports, no erasure. */
  coach: new Set([
    ...READS,
    Permission.CATALOG_WRITE,
    Permission.USERS_WRITE,
    Permission.ENROLLMENTS_WRITE,
    Permission.SETS_LOG,
    Permission.PROGRESSION_TRIGGER,
    Permission.PROGRESSION_REVERT,
    Permission.MAXES_WRITE,
    Permission.COUNTERS_RESET,
    Permission.AUTOMATION_WRITE,
    Permission.AUTOMATION_TEST,
  ]),
  /** The schedule service: reports events, and reads. */
  service: new Set([...READS, Permission.EVENTS_REPORT, Permission.SETS_LOG, Permission.AUTOMATION_PUBLISH]),
  /** The athlete's own data, and the catalogue. */
  athlete: new Set([
    Permission.CATALOG_READ,
    Permission.USERS_READ,
    Permission.ENROLLMENTS_READ,
    Permission.PROGRESSION_READ,
    Permission.PROGRESSION_SIMULATE,
    Permission.SETS_LOG,
  ]),
  'read-only': new Set(READS),
};

/** The roles that a credential can carry. */
export const ROLE_NAMES: readonly string[] = Object.keys(ROLES);

/**
 * Whether a single role permits everything that a call needs. Roles are not combined within a call: an
 * athlete who may also read all athletes' data must not be able to write it.
 */
export function isPermitted(roles: readonly string[], needed: ReadonlySet<Permission>): boolean {
  return roles.some((role) => {
    const permitted = Object.hasOwn(ROLES, role) ? ROLES[role] : undefined;
    return permitted !== undefined && [...needed].every((each) => permitted.has(each));
  });
}

type Step = (message: Message, subject: string, needed: Set<Permission>) => void;

const permissionOf = new Map<DescMethod, Permission>();
const steps = new Map<string, readonly Step[]>();

/** The permission in a method's descriptor; UNSPECIFIED when it has none. */
export function permissionOfMethod(method: DescMethod): Permission {
  const known = permissionOf.get(method) ?? getOption(method, methodPermission);
  permissionOf.set(method, known);
  return known;
}

/**
 * The permissions that set fields need, nested messages included: the one of the field's option, and
 * ATHLETES_OTHERS where a `user_id` is not the subject. An empty `user_id` is not the subject either.
 */
export function permissionsOfFields<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  subject: string,
): Set<Permission> {
  const needed = new Set<Permission>();
  runSteps(schema, message, subject.toLowerCase(), needed);
  return needed;
}

function runSteps(schema: DescMessage, message: Message, subject: string, needed: Set<Permission>): void {
  for (const step of stepsOf(schema)) {
    step(message, subject, needed);
  }
}

function stepsOf(schema: DescMessage): readonly Step[] {
  const known = steps.get(schema.typeName) ?? schema.fields.flatMap(stepsOfField);
  steps.set(schema.typeName, known);
  return known;
}

function stepsOfField(field: DescField): Step[] {
  const found: Step[] = [];
  const asked = getOption(field, fieldPermission);
  if (asked !== Permission.UNSPECIFIED) {
    found.push((message, _, needed) => {
      if (isFieldSet(message, field)) {
        needed.add(asked);
      }
    });
  }
  if (field.name === 'user_id' && field.scalar === ScalarType.STRING) {
    found.push((message, subject, needed) => {
      const userId = fieldValue(message, field);
      if (typeof userId !== 'string' || userId.toLowerCase() !== subject) {
        needed.add(Permission.ATHLETES_OTHERS);
      }
    });
  }
  const within = field.message;
  if (within) {
    found.push((message, subject, needed) => {
      for (const each of messagesIn(message, field)) {
        runSteps(within, each, subject, needed);
      }
    });
  }
  return found;
}
