/** Every limit of the service, as its rooms define them in their limits.ts. */

import { ATHLETE_LIMITS } from '../athletes/limits.ts';
import { ACTION_LIMITS } from '../automation/actions/limits.ts';
import { CONFIGURATION_LIMITS } from '../automation/configuration/limits.ts';
import { EVALUATION_LIMITS } from '../automation/evaluation/limits.ts';
import { EVENT_TYPE_LIMITS } from '../automation/event-types/limits.ts';
import { INSPECTION_LIMITS } from '../automation/inspection/limits.ts';
import { LIQUID_LIMITS } from '../automation/liquid/limits.ts';
import { PUBLISHING_LIMITS } from '../automation/publishing/limits.ts';
import { REPLAY_LIMITS } from '../automation/replay/limits.ts';
import { SECRET_LIMITS } from '../automation/secrets/limits.ts';
import { TIME_LIMITS } from '../automation/time/limits.ts';
import { CALL_LIMITS } from '../calls/limits.ts';
import { CATALOG_LIMITS } from '../catalog/limits.ts';
import { EVENT_LIMITS } from '../events/limits.ts';
import { REDIS_LIMITS } from '../events/redis/limits.ts';
import { FILTER_LIMITS } from '../filters/limits.ts';
import { ENGINE_LIMITS } from '../progression/engine/limits.ts';
import { PROGRESSION_LIMITS } from '../progression/limits.ts';
import { RETENTION_LIMITS } from '../retention/limits.ts';
import { ACCESS_LIMITS } from '../server/access/limits.ts';
import { ADMISSION_LIMITS } from '../server/admission/limits.ts';
import { SERVER_LIMITS } from '../server/limits.ts';
import { PORT_LIMITS } from '../server/port/limits.ts';
import { STORE_LIMITS } from '../store/limits.ts';
import { TELEMETRY_LIMITS } from '../telemetry/limits.ts';

export const DEFAULT_LIMITS = Object.freeze({
  ...STORE_LIMITS,
  ...CALL_LIMITS,
  ...SERVER_LIMITS,
  ...PORT_LIMITS,
  ...ADMISSION_LIMITS,
  ...ACCESS_LIMITS,
  ...TELEMETRY_LIMITS,
  ...PROGRESSION_LIMITS,
  ...ENGINE_LIMITS,
  ...ATHLETE_LIMITS,
  ...CATALOG_LIMITS,
  ...FILTER_LIMITS,
  ...EVENT_LIMITS,
  ...REDIS_LIMITS,
  ...CONFIGURATION_LIMITS,
  ...EVENT_TYPE_LIMITS,
  ...TIME_LIMITS,
  ...EVALUATION_LIMITS,
  ...PUBLISHING_LIMITS,
  ...INSPECTION_LIMITS,
  ...REPLAY_LIMITS,
  ...ACTION_LIMITS,
  ...SECRET_LIMITS,
  ...LIQUID_LIMITS,
  ...RETENTION_LIMITS,
});

/** The limits that are in force: the defaults, but for those that the environment sets. Names are of one room each. */
export type Limits = { readonly [Name in keyof typeof DEFAULT_LIMITS]: number };
