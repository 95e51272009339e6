/** The closed table of templates. To add one: its file, and a row here. */
import { AMRAP_RAISE_MAX } from './amrap-raise-max.ts';
import { BIRTHDAY_NOTE } from './birthday-note.ts';
import { DROP_OFF_RESCUE } from './drop-off-rescue.ts';
import { MISSED_SESSION_FOLLOW_UP } from './missed-session-follow-up.ts';
import { MISSED_SESSIONS_DELOAD } from './missed-sessions-deload.ts';
import { NEXT_PROGRAM } from './next-program.ts';
import { NO_SHOW_TAG } from './no-show-tag.ts';
import { PAYMENT_FAILED_LEAVE } from './payment-failed-leave.ts';
import { PERSONAL_RECORD_NOTIFY } from './personal-record-notify.ts';
import type { Template } from './template.ts';

/** In the order of ListTemplates. */
export const TEMPLATES: readonly Template[] = Object.freeze([
  DROP_OFF_RESCUE,
  MISSED_SESSIONS_DELOAD,
  MISSED_SESSION_FOLLOW_UP,
  AMRAP_RAISE_MAX,
  NEXT_PROGRAM,
  NO_SHOW_TAG,
  BIRTHDAY_NOTE,
  PAYMENT_FAILED_LEAVE,
  PERSONAL_RECORD_NOTIFY,
]);
