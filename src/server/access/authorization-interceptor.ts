/** Denies every call that its caller's roles do not permit, and every method that names no permission. */
import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { DomainError } from '../../domain-error.ts';
import { enumName } from '../../enum-name.ts';
import { Permission, PermissionSchema } from '../../gen/progression/v1/access_pb.ts';
import { readOnlyMessage } from '../streamed-call.ts';
import { permissionOfMethod, permissionsOfFields } from './needed-permissions.ts';
import { type Principal, principalKey, unauthenticated } from './principal.ts';
import { isPermitted } from './roles.ts';

/** Throws PERMISSION_DENIED; UNAUTHENTICATED when nobody found out who calls. */
export function createAuthorizationInterceptor(): Interceptor {
  return (next) => async (request) => {
    const principal = request.contextValues.get(principalKey);
    if (!principal) {
      throw unauthenticated('the call has no credential');
    }
    if (!request.stream) {
      requirePermission(principal, request.method, request.message);
      return next(request);
    }
    if (request.method.methodKind !== 'server_streaming') {
      // Every request message has to be looked at, and of a stream only the first ones are there.
      throw new DomainError('PERMISSION_DENIED', `${request.method.name} is a stream, which nobody may call`);
    }
    const { message, request: read } = await readOnlyMessage(request);
    requirePermission(principal, request.method, message);
    return next(read);
  };
}

function requirePermission({ roles, subject }: Principal, method: DescMethod, message: Message): void {
  const own = permissionOfMethod(method);
  if (own === Permission.UNSPECIFIED) {
    throw new DomainError('PERMISSION_DENIED', `${method.name} names no permission, so nobody may call it`);
  }
  const needed = permissionsOfFields(method.input, message, subject).add(own);
  if (!isPermitted(roles, needed)) {
    const permissions = [...needed].map((each) => enumName(PermissionSchema, each)).join(', ');
    throw new DomainError(
      'PERMISSION_DENIED',
      `no role of the caller permits ${method.name} with what it asks for: ${permissions}`,
      { metadata: { permissions } },
    );
  }
}
