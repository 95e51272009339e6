/** Loads the next page of a list. */
export function MoreButton({
  query,
}: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage(): void };
}) {
  return query.hasNextPage ? (
    <button type="button" disabled={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
      {query.isFetchingNextPage ? 'Loading …' : 'Show more'}
    </button>
  ) : null;
}
