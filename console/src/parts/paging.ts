/** How useInfiniteQuery reads the pages of a list. */
export const PAGING = {
  pageParamKey: 'pageToken',
  getNextPageParam: ({ nextPageToken }: { nextPageToken: string }) => nextPageToken || undefined,
} as const;
