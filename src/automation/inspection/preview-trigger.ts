/** PreviewTrigger: returns the athletes that a trigger's filter matches today, of those that were added last. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Limits } from '../../config/config.ts';
import { invalidFields } from '../../errors/domain-error.ts';
import { FilterUnreadable } from '../../filters/filter.ts';
import type {
  PreviewTriggerRequest,
  PreviewTriggerResponseSchema,
} from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantToTimestamp } from '../../values/instant.ts';
import { readStoredTrigger, type TriggerDraft } from '../configuration/trigger-draft.ts';
import { readRequiredTrigger } from '../configuration/validation/validate-trigger.ts';
import { requireTrigger } from '../configuration/workflows.ts';
import { redactText } from '../decision/redact-fields.ts';
import { readAutomationRevision } from '../evaluation/read-triggers.ts';
import { type AccountTypes, loadAccountTypes } from '../event-types/account-types.ts';
import { countMatchingAthletes } from './count-matching-athletes.ts';
import type { Preview, PreviewCache } from './preview-cache.ts';

export interface PreviewDeps {
  readonly limits: Limits;
  readonly cache: PreviewCache;
}

/**
 * Errors: TRIGGER_NOT_FOUND; VALIDATION_FAILED for an invalid unsaved trigger and for an unreadable stored
 * filter.
 */
export async function previewTrigger(
  tx: Transaction,
  { target }: PreviewTriggerRequest,
  now: Instant,
  deps: PreviewDeps,
): Promise<MessageInitShape<typeof PreviewTriggerResponseSchema>> {
  if (target.case === 'triggerId') {
    return previewMessage(await previewStored(tx, target.value, now, deps));
  }
  const types = await loadAccountTypes(tx);
  const draft = readRequiredTrigger(target.value, types, deps.limits, 'trigger');
  return previewMessage(await computePreview(tx, draft, types, now, deps.limits));
}

/** Cached until the trigger or the account's fields change. */
async function previewStored(
  tx: Transaction,
  triggerId: string,
  now: Instant,
  { cache, limits }: PreviewDeps,
): Promise<Preview> {
  const trigger = await requireTrigger(tx, triggerId);
  const revision = await readAutomationRevision(tx);
  const key = [tx.accountId, trigger.id, revision?.number, revision?.identity].join(' ');
  const kept = await cache.get(key);
  if (kept) {
    return kept;
  }
  const types = await loadAccountTypes(tx);
  try {
    const preview = await computePreview(tx, readStoredTrigger(trigger), types, now, limits);
    await cache.set(key, preview);
    return preview;
  } catch (error) {
    if (error instanceof FilterUnreadable) {
      throw invalidFields([{ field: error.path, description: error.message }]);
    }
    throw error;
  }
}

async function computePreview(
  tx: Transaction,
  { triggerEvent, filter, settings }: TriggerDraft,
  types: AccountTypes,
  now: Instant,
  limits: Limits,
): Promise<Preview> {
  const type = types.eventType(triggerEvent);
  if (!type) {
    throw invalidFields([{ field: 'trigger_event', description: 'Unknown trigger event' }]);
  }
  const found = await countMatchingAthletes(tx, filter, types.fieldCatalogue(type), {
    now,
    samples: limits.previewedAthletes,
    mostExamined: limits.examinedAthletes,
  });
  const configured = Object.keys(settings.configuration).map((name) => `settings.configuration.${name}`);
  return {
    count: found.count,
    samples: found.samples.map(({ userId, name }) => ({ userId, name: redactText(name) })),
    undecidedPaths: [...found.undecidedPaths, ...configured],
    ...{ examined: found.examined, hasMore: found.hasMore },
    computedAt: now,
  };
}

function previewMessage({
  count,
  samples,
  undecidedPaths,
  computedAt,
  examined,
  hasMore,
}: Preview): MessageInitShape<typeof PreviewTriggerResponseSchema> {
  return {
    estimatedCount: count,
    sampleUsers: [...samples],
    approximate: undecidedPaths.length > 0,
    undecidedPaths: [...undecidedPaths],
    computedAt: instantToTimestamp(computedAt),
    ...{ examinedCount: examined, hasMore },
  };
}
