/** The athletes of the account, searched by the server. */
import { Code } from '@connectrpc/connect';
import { useInfiniteQuery } from '@connectrpc/connect-query';
import { keepPreviousData } from '@tanstack/react-query';
import { useDeferredValue } from 'react';
import { Link, Redirect, useSearchParams } from 'wouter';
import { type User, UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { useCredential } from '../calls/credential.ts';
import { subjectOf } from '../calls/permissions.ts';
import { MoreButton } from '../parts/more-button.tsx';
import { withParameter } from '../parts/search-parameters.ts';
import { Answer, Nothing } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { formatDay, plural } from '../words/formats.ts';

export function AthleteList() {
  const [chosen, setChosen] = useSearchParams();
  const typed = chosen.get('name') ?? '';
  const nameContains = useDeferredValue(typed.trim());
  const users = useInfiniteQuery(
    UserService.method.listUsers,
    { pageSize: 50, pageToken: '', nameContains },
    {
      pageParamKey: 'pageToken',
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  const own = subjectOf(useCredential().token);
  if (users.error?.code === Code.PermissionDenied && own !== '') {
    // The role of an athlete: the own page is all that there is to see.
    return <Redirect to={`/athletes/${own}`} replace />;
  }
  return (
    <>
      <Title>Athletes</Title>
      <header className="heading">
        <h1>Athletes</h1>
        <label className="search">
          <span className="unseen">Search by name</span>
          <input
            type="search"
            placeholder="Search by name"
            value={typed}
            maxLength={200}
            onChange={({ target }) =>
              setChosen(withParameter(chosen, 'name', target.value), { replace: true })
            }
          />
        </label>
      </header>
      <Answer query={users}>
        {({ pages }) => {
          const found = pages.flatMap((page) => page.users);
          return (
            <>
              <p className="quiet" role="status">
                {plural(pages[0]?.totalSize ?? 0, 'athlete')}
                {nameContains && ` with “${nameContains}” in the name`}
              </p>
              {found.length > 0 ? (
                <Table users={found} />
              ) : (
                <Nothing>{nameContains ? 'No athlete has this name.' : 'No athlete yet.'}</Nothing>
              )}
              <MoreButton query={users} />
            </>
          );
        }}
      </Answer>
    </>
  );
}

function Table({ users }: { users: readonly User[] }) {
  return (
    <table className="rows">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Tags</th>
          <th scope="col" className="wide-only">
            Since
          </th>
        </tr>
      </thead>
      <tbody>
        {users.map(({ id, name, tags, createdAt }) => (
          <tr key={id}>
            <th scope="row">
              <Link href={`/athletes/${id}`} className="whole-row">
                {name}
              </Link>
            </th>
            <td>
              {tags.map((tag) => (
                <span key={tag} className="tag">
                  {tag}
                </span>
              ))}
            </td>
            <td className="wide-only quiet day">{formatDay(createdAt)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
