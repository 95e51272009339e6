/** Reads a list to its end. */
import type { Message } from '@bufbuild/protobuf';

interface PageOf {
  readonly nextPageToken: string;
}

/** At most this many pages of 500 rows; a console shows no more at once. */
const MOST_PAGES = 20;

/** Asks for page after page. `isComplete` is false when there are more than 10,000 rows. */
export async function readEveryPage<P extends PageOf & Message>(
  readPage: (page: { pageSize: number; pageToken: string }) => Promise<P>,
): Promise<{ pages: P[]; isComplete: boolean }> {
  const pages: P[] = [];
  let pageToken = '';
  do {
    const page = await readPage({ pageSize: 500, pageToken });
    pages.push(page);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && pages.length < MOST_PAGES);
  return { pages, isComplete: pageToken === '' };
}
