/** The version of the service, as package.json has it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const { name, version } = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'),
) as { name: string; version: string };

export const SERVICE_NAME = name;

/** As in semantic versioning, without a `v`. */
export const SERVICE_VERSION = version;
