/** Answers GET and HEAD of paths that are no method of the API, over both HTTP versions. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A complete answer to a GET. */
export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The page at a path, for a client that does or does not take gzip; undefined: there is none. */
export type Pages = (path: string, takesGzip: boolean) => Page | undefined;

/** A file as it is, and compressed for clients that take that. */
export interface File {
  readonly plain: Page;
  readonly zipped: Page | undefined;
}

/** Compresses a file once. */
export async function createFile(body: Uint8Array, headers: Page['headers']): Promise<File> {
  const sent = { ...headers, vary: 'accept-encoding' };
  const zipped = await promisify(gzip)(body, { level: 9 });
  return {
    plain: { status: 200, headers: sent, body },
    zipped: { status: 200, headers: { ...sent, 'content-encoding': 'gzip' }, body: zipped },
  };
}

/** The form of a file that a client takes. */
export function formOf({ plain, zipped }: File, takesGzip: boolean): Page {
  return takesGzip && zipped ? zipped : plain;
}

/** The pages of all; where several have a path, that of the first. */
export function joinPages(all: readonly Pages[]): Pages {
  return (path, takesGzip) => {
    for (const pages of all) {
      const page = pages(path, takesGzip);
      if (page) {
        return page;
      }
    }
    return undefined;
  };
}

/** No path has a page. */
export const NO_PAGES: Pages = () => undefined;

/** Whether there is a page, which is then sent. */
export function sendPage(pages: Pages, request: IncomingMessage, response: ServerResponse): boolean {
  const page = findPage(pages, request.method, request.url, request.headers);
  if (!page) {
    return false;
  }
  response.writeHead(page.status, { ...page.headers, 'content-length': page.body.byteLength });
  response.end(request.method === 'HEAD' ? undefined : page.body);
  return true;
}

/** Whether there is a page, which is then sent. */
export function sendPageOnStream(
  pages: Pages,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  answerHeaders: Readonly<Record<string, string>>,
): boolean {
  const page = findPage(pages, headers[':method'], headers[':path'], headers);
  if (!page) {
    return false;
  }
  const endStream = headers[':method'] === 'HEAD';
  const sent = {
    ':status': page.status,
    ...answerHeaders,
    ...page.headers,
    'content-length': page.body.byteLength,
  };
  stream.respond(sent, { endStream });
  if (!endStream) {
    stream.end(page.body);
  }
  return true;
}

function findPage(
  pages: Pages,
  method: unknown,
  url: unknown,
  headers: IncomingHttpHeaders,
): Page | undefined {
  if (method !== 'GET' && method !== 'HEAD') {
    return undefined;
  }
  const takesGzip = /\bgzip\b/.test(`${headers['accept-encoding'] ?? ''}`);
  return pages(`${url ?? ''}`.split('?', 1)[0] ?? '', takesGzip);
}
