/**
 * What the caller may do, so that the page offers nothing that the server refuses. The server decides: where the page
 * cannot tell, it offers.
 */
import type { DescMethod } from '@bufbuild/protobuf';
import type { Permission } from '../../../src/gen/progression/v1/access_pb.ts';
import { isPermitted, permissionOfMethod } from '../../../src/server/access/permissions.ts';
import { useCredential } from './credential.ts';
import { useSettings } from './settings.ts';

/** Whether the caller may call this method about an athlete. */
export function useMay(method: DescMethod): boolean {
  return useHas(permissionOfMethod(method));
}

/** Whether a role of the caller has the permission. */
export function useHas(permission: Permission): boolean {
  const { token } = useCredential();
  const rolesClaim = useSettings()?.rolesClaim;
  if (rolesClaim === undefined) {
    return false;
  }
  const roles = token === '' || rolesClaim === '' ? undefined : rolesIn(token, rolesClaim);
  return roles === undefined || isPermitted(roles, new Set([permission]));
}

/** The athlete whom a token stands for, if its role is that of an athlete; empty: it names no subject. */
export function subjectOf(token: string): string {
  const subject = claimsOf(token)?.sub;
  return typeof subject === 'string' ? subject : '';
}

/** undefined: the token is none that a page can read. */
function rolesIn(token: string, claim: string): string[] | undefined {
  const claims = claimsOf(token);
  const roles = claims?.[claim];
  return claims && (Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : []);
}

function claimsOf(token: string): Record<string, unknown> | undefined {
  try {
    const [, payload = ''] = token.split('.');
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    );
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
