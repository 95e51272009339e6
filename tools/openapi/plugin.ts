/** The plugin of `buf generate` that writes openapi.json and the Postman collection. */
import { readFileSync } from 'node:fs';
import { createEcmaScriptPlugin, runNodeJs } from '@bufbuild/protoplugin';
import { createContract } from './contract.ts';
import { createDocument } from './document.ts';
import { createCollection } from './postman.ts';

const PACKAGE = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };

const plugin = createEcmaScriptPlugin({
  name: 'openapi',
  version,
  generateTs(schema) {
    const contract = createContract(schema);
    const documents = {
      'openapi.json': createDocument(contract, version),
      'postman_collection.json': createCollection(contract, version),
    };
    for (const [name, document] of Object.entries(documents)) {
      schema.generateFile(name).print(JSON.stringify(document, null, 2));
    }
  },
});

runNodeJs(plugin);
