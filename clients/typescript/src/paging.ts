/** Lists as async iterators: pages are asked for as they are needed. */
import type { CallOptions } from '@connectrpc/connect';

interface Page {
  readonly nextPageToken: string;
}

type ItemOf<T> = T extends readonly (infer Item)[] ? Item : never;

/**
 * Every item of a list, page by page; `key` is the repeated field of the answer. `pageSize` of the request is the size
 * of the pages, and its `pageToken` where to begin.
 *
 *     for await (const user of listAll(client.users.listUsers, {}, 'users')) …
 */
export async function* listAll<
  Request extends { pageToken?: string },
  Answer extends Page,
  Key extends keyof Answer,
>(
  list: (request: Request, options?: CallOptions) => Promise<Answer>,
  request: Request,
  key: Key,
  options?: CallOptions,
): AsyncGenerator<ItemOf<Answer[Key]>, void, undefined> {
  let { pageToken } = request;
  do {
    const page = await list({ ...request, pageToken }, options);
    yield* page[key] as Iterable<ItemOf<Answer[Key]>>;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}
