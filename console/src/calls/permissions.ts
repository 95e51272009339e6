/**
 * What the caller may do, so that the page offers nothing that the server refuses. The server decides: where the page
 * cannot tell, it offers.
 */
import type { DescMethod } from '@bufbuild/protobuf';
import { useQuery } from '@tanstack/react-query';
import { isPermitted, permissionOfMethod } from '../../../src/server/access/permissions.ts';
import { useCredential } from './credential.ts';

/** How callers authenticate, as the server says in `settings.json`. */
interface Settings {
  /** The claim of tokens with the list of roles; empty: callers have no tokens. */
  readonly rolesClaim: string;
}

/** Whether the caller may call this method about an athlete. */
export function useMay(method: DescMethod): boolean {
  const { token } = useCredential();
  const settings = useQuery({
    queryKey: ['settings'],
    staleTime: Number.POSITIVE_INFINITY,
    async queryFn({ signal }): Promise<Settings> {
      const answer = await fetch(`${import.meta.env.BASE_URL}settings.json`, { signal });
      return answer.json();
    },
  });
  const rolesClaim = settings.data?.rolesClaim;
  if (rolesClaim === undefined) {
    return false;
  }
  const roles = token === '' || rolesClaim === '' ? undefined : rolesIn(token, rolesClaim);
  return roles === undefined || isPermitted(roles, new Set([permissionOfMethod(method)]));
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
