/** Prepares the action of a step: renders its templates, and reads the secrets that it names. */
import type { JsonObject } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import type { Config } from '../../config/config.ts';
import type { Action } from '../../gen/automation/v1/action_pb.ts';
import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';
import { athleteDocumentSql } from '../event-types/athlete-document.ts';
import { athleteField } from '../liquid/athlete-field.ts';
import { TemplateFault, type TemplatePath } from '../liquid/engine.ts';
import { pathsOf, renderAction } from '../liquid/render-action.ts';
import { buildScope } from '../liquid/scope.ts';
import { readSecrets } from '../secrets/read-secrets.ts';
import { secretNamesOf } from '../secrets/secret-names.ts';
import { withoutSecrets } from './kept-answer.ts';
import type { Run } from './load-run.ts';
import { StepRefusal } from './step.ts';
import { readStepResults } from './step-results.ts';

export interface PreparedAction {
  /** With its texts rendered. */
  readonly action: Action['action'];
  /** The secrets that it sends or signs with, by name. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** In the transaction that holds the run. Throws StepRefusal: SECRET_MISSING, TEMPLATE_FAILED. */
export async function prepareAction(
  tx: Transaction,
  run: Run,
  message: Action,
  now: Instant,
  { limits, secretKeys }: Pick<Config, 'limits' | 'secretKeys'>,
): Promise<PreparedAction> {
  const names = secretNamesOf(message, limits);
  const secrets = await readSecrets(tx, names, secretKeys);
  try {
    const paths = pathsOf(message, limits);
    const missing = names.filter((name) => !secrets.has(name));
    if (missing.length > 0) {
      throw new StepRefusal('SECRET_MISSING', missingDetail(missing, secretKeys !== undefined));
    }
    if (paths.length === 0) {
      return { action: message.action, secrets };
    }
    const reads = (root: string) => paths.some(([first]) => first === root);
    const parts = {
      event: run.step.event as JsonObject | null,
      athlete: reads('athlete') ? await readAthlete(tx, run.step.userId, paths, now) : null,
      steps: reads('steps') ? await readStepResults(tx, run) : {},
      secrets,
    };
    return { action: renderAction(message, buildScope(parts, paths), limits).action, secrets };
  } catch (error) {
    throw error instanceof TemplateFault
      ? new StepRefusal('TEMPLATE_FAILED', withoutSecrets(error.message, [...secrets.values()]))
      : error;
  }
}

function missingDetail(names: readonly string[], hasKeys: boolean): string {
  return hasKeys
    ? `the account has no secret ${names.join(', ')}, or the server no key that decrypts it`
    : `the server has no key for secrets, such as ${names.join(', ')}`;
}

/** The athlete as they are now, with the training that the templates read. */
async function readAthlete(
  tx: Transaction,
  userId: string,
  paths: readonly TemplatePath[],
  now: Instant,
): Promise<JsonObject | null> {
  const fields = paths.flatMap((path) => athleteField(path)?.field ?? []);
  const { rows } = await sql<{ document: JsonObject }>`
    select ${athleteDocumentSql('users', { accountId: tx.accountId, fields, now })} as document from users
    where account_id = ${tx.accountId} and id = ${userId}`.execute(tx.sql);
  return rows[0]?.document ?? null;
}
