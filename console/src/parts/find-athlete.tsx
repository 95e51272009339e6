/** Finds an athlete by a part of the name; the server searches. */
import { useQuery } from '@connectrpc/connect-query';
import { keepPreviousData } from '@tanstack/react-query';
import { useState } from 'react';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { useMay } from '../calls/permissions.ts';

const SHOWN = 8;

/** Nothing for callers who may not list athletes. */
export function FindAthlete({ onChoose }: { onChoose: (userId: string) => void }) {
  const [typed, setTyped] = useState('');
  const nameContains = typed.trim();
  const mayList = useMay(UserService.method.listUsers);
  const { data } = useQuery(
    UserService.method.listUsers,
    { nameContains, pageSize: SHOWN },
    { enabled: nameContains !== '', placeholderData: keepPreviousData },
  );
  const users = nameContains === '' ? [] : (data?.users ?? []);
  return (
    mayList && (
      <div className="find-athlete search">
        <label>
          <span className="unseen">Find an athlete</span>
          <input
            type="search"
            placeholder="Of one athlete"
            value={typed}
            maxLength={200}
            onChange={({ target }) => setTyped(target.value)}
          />
        </label>
        {users.length > 0 && (
          <ul className="panel plain">
            {users.map(({ id, name }) => (
              <li key={id}>
                <button
                  type="button"
                  className="link"
                  onClick={() => {
                    setTyped('');
                    onChoose(id);
                  }}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    )
  );
}
