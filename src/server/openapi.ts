/** Serves the OpenAPI document of the JSON face, which is as public as server reflection is. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFile, formOf, type Pages } from './pages.ts';

/** Written by `npm run generate`. */
const OPENAPI_FILE = join(import.meta.dirname, '..', 'gen', 'openapi.json');

const HEADERS = {
  'content-type': 'application/json',
  'cache-control': 'no-cache',
  // Viewers on other origins read it.
  'access-control-allow-origin': '*',
};

/** The page `/openapi.json`. */
export async function loadOpenApi(): Promise<Pages> {
  const file = await createFile(await readFile(OPENAPI_FILE), HEADERS);
  return (path, takesGzip) => (path === '/openapi.json' ? formOf(file, takesGzip) : undefined);
}
