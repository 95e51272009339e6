/** Prints the reasons of the service as source code: node reasons.mjs go|java. */
import { readFileSync } from 'node:fs';

const openapi = JSON.parse(readFileSync(new URL('../src/gen/openapi.json', import.meta.url), 'utf8'));
const reasons = openapi.components.schemas.ErrorReason.enum;

const camel = (reason) =>
  reason.replace(/([A-Z0-9])([A-Z0-9]*)_?/g, (_, first, rest) => first + rest.toLowerCase());

const FORMS = {
  go: () =>
    [
      '// Generated from the contract; see generate.sh.',
      '',
      'package progressionclient',
      '',
      '// The reasons for which the service refuses calls; docs/errors.md says more of each.',
      'const (',
      ...reasons.map((reason) => `\tReason${camel(reason)} Reason = "${reason}"`),
      ')',
    ].join('\n'),
  java: () =>
    [
      '// Generated from the contract; see generate.sh.',
      'package progression.client;',
      '',
      '/** The reasons for which the service refuses calls; docs/errors.md says more of each. */',
      'public final class Reasons {',
      ...reasons.map((reason) => `  public static final String ${reason} = "${reason}";`),
      '',
      '  private Reasons() {}',
      '}',
    ].join('\n'),
};

console.log(FORMS[process.argv[2]]());
