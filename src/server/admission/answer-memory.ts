/** An account that does not read its answers gets no further ones while all that are not read are too large together. */
import type { Interceptor } from '@connectrpc/connect';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { principalKey } from '../access/principal.ts';
import type { UnreadAnswers } from '../port/unread-answers.ts';

/** Throws RATE_LIMITED, quota `unreadAnswerBytes`. Runs after authentication. */
export function createAnswerMemoryInterceptor(
  unread: Pick<UnreadAnswers, 'areTooLarge'>,
  { unreadAnswerBytes }: Pick<Limits, 'unreadAnswerBytes'>,
): Interceptor {
  return (next) => (request) => {
    const accountId = request.contextValues.get(principalKey)?.accountId ?? '';
    if (unread.areTooLarge(accountId)) {
      throw new DomainError('RATE_LIMITED', 'the account has too many answers that it has not read', {
        metadata: { quota: 'unreadAnswerBytes', mostBytes: String(unreadAnswerBytes) },
      });
    }
    return next(request);
  };
}
