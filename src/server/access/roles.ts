/** The table of roles and their permissions. */
import { Permission } from '../../gen/progression/v1/access_pb.ts';

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
