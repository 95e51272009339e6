/** The verdict on a campaign: a run that proves nothing does not pass. */
import { type CampaignReport, LEAST_ACKNOWLEDGED } from './fault-campaign.ts';
import { LOAD_LIMIT } from './machine-load.ts';

export interface Judgement {
  /** VIOLATED: a rule is broken. INCONCLUSIVE: no rule is broken, but too little was seen to say that none is. */
  readonly verdict: 'SOUND' | 'VIOLATED' | 'INCONCLUSIVE';
  /** Why the verdict is not SOUND; the violations themselves are in the report. */
  readonly reasons: readonly string[];
}

export function judgeCampaign({
  violations,
  unproven,
}: Pick<CampaignReport, 'violations' | 'unproven'>): Judgement {
  const unanswered = violations.filter(({ rule }) => rule === 'OVERLOADED').length;
  const broken = violations.length - unanswered;
  if (broken > 0) {
    return { verdict: 'VIOLATED', reasons: [`${broken} violations`] };
  }
  const reasons = [
    ...(unproven > 0
      ? [`${unproven} faults met fewer than ${LEAST_ACKNOWLEDGED} acknowledged requests before or after`]
      : []),
    ...(unanswered > 0
      ? [`${unanswered} requests were not answered, at a load of more than ${LOAD_LIMIT} per processor`]
      : []),
  ];
  return { verdict: reasons.length > 0 ? 'INCONCLUSIVE' : 'SOUND', reasons };
}
