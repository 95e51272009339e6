/** SetSecret, ListSecrets, DeleteSecret: the account's named secrets. Values go in, and only webhooks get them out. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type { SecretKeys } from '../../config/secret-keys.ts';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import { describeTextProblem } from '../../filters/typed-values.ts';
import type { SecretSchema, SetSecretRequest } from '../../gen/automation/v1/workflow_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { type Secret, SecretEntity } from '../../store/entities/secret.ts';
import { instantToTimestamp } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { bumpRevision } from '../configuration/etag.ts';
import { sealSecret } from './seal.ts';

/** What secrets need of the server's configuration. */
export interface SecretConfig {
  readonly secretKeys: SecretKeys | undefined;
  readonly limits: Pick<Limits, 'secrets' | 'secretCharacters'>;
}

/** Adds the secret or replaces its value. SECRETS_UNAVAILABLE, VALIDATION_FAILED. */
export async function setSecret(
  change: Change,
  { name, value }: Pick<SetSecretRequest, 'name' | 'value'>,
  { secretKeys, limits }: SecretConfig,
): Promise<Secret> {
  const { tx, now, actor } = change;
  const keys = requireKeys(secretKeys);
  requireValue(value, limits);
  // Serializes changes, so that the limit holds.
  await bumpRevision(tx);
  const { accountId, em } = tx;
  const known = await em.findOne(SecretEntity, { accountId, name });
  if (!known && (await em.count(SecretEntity, { accountId })) >= limits.secrets) {
    const description = `an account has at most ${limits.secrets} secrets; delete one first`;
    throw invalidFields([{ field: 'name', description }]);
  }
  const sealed = { ...sealSecret(keys, { accountId, name }, value), updatedAt: now, updatedBy: actor };
  const secret = known
    ? em.assign(known, sealed)
    : em.create(SecretEntity, { accountId, name, id: newId(), createdAt: now, ...sealed });
  audit(change, {
    ...{ action: 'SetSecret', targetType: 'secret', targetId: secret.id },
    ...{ before: known && { name }, after: { name } },
  });
  return secret;
}

/** By name, without values. */
export function listSecrets({ accountId, em }: Transaction): Promise<Secret[]> {
  return em.find(SecretEntity, { accountId }, { orderBy: { name: 'asc' } });
}

/** SECRET_NOT_FOUND; SECRET_IN_USE while a workflow that is not archived names it. */
export async function deleteSecret(change: Change, name: string): Promise<void> {
  const { tx } = change;
  await bumpRevision(tx);
  const secret = await tx.em.findOne(SecretEntity, { accountId: tx.accountId, name });
  if (!secret) {
    throw new DomainError('SECRET_NOT_FOUND', `the account has no secret ${name}`, { metadata: { name } });
  }
  const users = await workflowsWith(tx, name);
  if (users.length > 0) {
    const workflowIds = users.map(({ id }) => id).join(',');
    const shown = users.map((each) => each.name).join(', ');
    throw new DomainError('SECRET_IN_USE', `workflows send the secret ${name}: ${shown}`, {
      metadata: { name, workflowIds },
    });
  }
  tx.em.remove(secret);
  audit(change, {
    ...{ action: 'DeleteSecret', targetType: 'secret', targetId: secret.id },
    ...{ before: { name }, after: null },
  });
}

const MOST_NAMED_USERS = 10;

/** Templates name secrets as `secrets.<name>` or `secrets["<name>"]`; names have no characters that a pattern reads. */
async function workflowsWith(tx: Transaction, name: string): Promise<{ id: string; name: string }[]> {
  const inTemplate = `secrets(\\.|\\[\\\\?["'])${name}\\M`;
  const inList = `"signingSecrets": ?\\[[^\\]]*"${name}"`;
  const { rows } = await sql<{ id: string; name: string }>`
    select id, name from workflows
    where account_id = ${tx.accountId} and status <> 'ARCHIVED'
      and (actions::text ~ ${inTemplate} or actions::text ~ ${inList})
    order by name, id limit ${MOST_NAMED_USERS}`.execute(tx.sql);
  return rows;
}

export function secretMessage(secret: Secret): MessageInitShape<typeof SecretSchema> {
  const { name, createdAt, updatedAt, updatedBy } = secret;
  return {
    ...{ name, updatedBy },
    ...{ createdAt: instantToTimestamp(createdAt), updatedAt: instantToTimestamp(updatedAt) },
  };
}

/** Throws SECRETS_UNAVAILABLE. */
export function requireKeys(keys: SecretKeys | undefined): SecretKeys {
  if (!keys) {
    throw new DomainError(
      'SECRETS_UNAVAILABLE',
      'the server has no key for secrets: its operator sets SECRETS_KEY or SECRETS_KEY_FILE',
    );
  }
  return keys;
}

function requireValue(value: string, { secretCharacters }: Pick<Limits, 'secretCharacters'>): void {
  const most = secretCharacters.toLocaleString('en');
  const isRight =
    value !== '' && value.length <= secretCharacters && describeTextProblem(value) === undefined;
  if (!isRight) {
    throw invalidFields([{ field: 'value', description: `must have 1 to ${most} characters of text` }]);
  }
}
