/** What the server tells its pages of itself. */
import { useQuery } from '@tanstack/react-query';

export interface Settings {
  /** The claim of tokens with the list of roles; empty: callers have no tokens. */
  readonly rolesClaim: string;
  /** Whether the server has a key for secrets; without one SetSecret is refused. */
  readonly hasSecretsKey: boolean;
  /** How people sign in by OpenID Connect; absent: they paste a token. */
  readonly signIn?: { readonly issuer: string; readonly clientId: string };
}

export async function fetchSettings(signal?: AbortSignal): Promise<Settings> {
  const answer = await fetch(`${import.meta.env.BASE_URL}settings.json`, signal ? { signal } : {});
  return answer.json();
}

export function useSettings(): Settings | undefined {
  const { data } = useQuery({
    queryKey: ['settings'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => fetchSettings(signal),
  });
  return data;
}
