/** Serves the console: the files of its build, read once, under `/console/`. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { ConsoleSignIn } from '../config/console-sign-in.ts';
import { createFile, type File, formOf, type Page, type Pages } from './pages.ts';

/** Where Vite writes the build. */
export const CONSOLE_DIRECTORY = join(import.meta.dirname, '..', '..', 'console', 'dist');

const BASE = '/console/';

/**
 * Nothing is loaded from another host, no script or style is inline, and no other page may frame this one. The issuer, if
 * people sign in there, is the only other host that scripts may call.
 */
function securityHeaders({ signIn }: ConsoleSettings): Headers {
  const connect = signIn ? `connect-src 'self' ${new URL(signIn.issuer).origin}; ` : '';
  return {
    'content-security-policy':
      `default-src 'self'; ${connect}img-src 'self' data:; object-src 'none'; base-uri 'none'; ` +
      "form-action 'self'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
}

type Headers = Page['headers'];

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/** What the pages are told of this server. */
export interface ConsoleSettings {
  /** The claim of tokens with the list of roles; empty: callers have no tokens. */
  readonly rolesClaim: string;
  /** Whether accounts can have secrets: the server has a key for them. */
  readonly hasSecretsKey: boolean;
  /** How people sign in by OpenID Connect; absent: they paste a token. */
  readonly signIn?: ConsoleSignIn;
}

/**
 * Reads a build. Paths of the console that are no file answer with its page, which shows the screen of that path.
 * Without a build they answer 503 with the command that makes one.
 */
export async function loadConsole(directory: string, settings: ConsoleSettings): Promise<Pages> {
  const security = securityHeaders(settings);
  const files = await readFiles(directory, security);
  files.set('settings.json', await fileOf('settings.json', Buffer.from(JSON.stringify(settings)), security));
  const home = files.get('index.html') ?? { plain: notBuilt(security), zipped: undefined };
  return (path, takesGzip) => {
    if (path === '/' || path === '/console') {
      return { status: 302, headers: { ...security, location: BASE }, body: new Uint8Array() };
    }
    if (!path.startsWith(BASE)) {
      return undefined;
    }
    const name = path.slice(BASE.length);
    // A file that an older page asks for, and this build no longer has, must not be answered with a page.
    const file = files.get(name) ?? (name.startsWith('assets/') ? undefined : home);
    return file && formOf(file, takesGzip);
  };
}

async function readFiles(directory: string, security: Headers): Promise<Map<string, File>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const named = files.map(async (path) => {
    const name = relative(directory, path).split(sep).join('/');
    return [name, await fileOf(name, await readFile(path), security)] as const;
  });
  return new Map(await Promise.all(named));
}

function fileOf(name: string, body: Uint8Array, security: Headers): Promise<File> {
  return createFile(body, {
    ...security,
    'content-type': MEDIA_TYPES[extname(name)] ?? 'application/octet-stream',
    // Vite names what is under assets/ by its content.
    'cache-control': name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
}

function notBuilt(security: Headers): Page {
  return {
    status: 503,
    headers: { ...security, 'content-type': 'text/plain; charset=utf-8' },
    body: Buffer.from('the console is not built: npm run setup builds it\n'),
  };
}
