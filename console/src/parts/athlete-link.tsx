/** An athlete's name, which leads to the athlete. */
import { useQuery } from '@connectrpc/connect-query';
import { Link } from 'wouter';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { shortId } from '../words/names.ts';

/** The beginning of the id while the name is not known, and of athletes who are deleted. */
export function AthleteLink({ userId }: { userId: string }) {
  const { data } = useQuery(
    UserService.method.getUser,
    { userId },
    { enabled: userId !== '', retry: false, staleTime: 60_000 },
  );
  return userId === '' ? null : (
    <Link href={`/athletes/${userId}`}>{data?.user?.name ?? shortId(userId)}</Link>
  );
}
