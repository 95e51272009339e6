/** The schedule of a time trigger, parsed from its settings. */
import { Feb29 as Feb29Message, type TimeSettings } from '../../gen/automation/v1/trigger_pb.ts';
import type { CivilDate, CivilTime } from '../../values/civil-date.ts';

/** The policy for 29 February in other years. */
export type Feb29 = 'FEB28' | 'MAR1' | 'SKIP';

export interface BirthdaySchedule {
  readonly kind: 'birthday';
  readonly at: CivilTime;
  readonly offsetDays: number;
  readonly feb29: Feb29;
}

export interface AnniversarySchedule {
  readonly kind: 'anniversary';
  readonly field: string;
  readonly at: CivilTime;
  readonly offsetDays: number;
  readonly feb29: Feb29;
  /** The first anniversary that counts, from 1. */
  readonly minYears: number;
}

export interface ScheduledDateSchedule {
  readonly kind: 'scheduled_date';
  readonly field: string;
  readonly offsetDays: number;
  /** undefined: the timestamp's own time of day. */
  readonly at: CivilTime | undefined;
}

export interface InactivitySchedule {
  readonly kind: 'athlete_inactive';
  readonly days: number;
}

export interface RecurringSchedule {
  readonly kind: 'recurring_schedule';
  readonly zone: string;
  readonly recurrence: Recurrence;
}

/** A cron text with five fields, such as `30 6 * * 1-5`. */
export interface CronText {
  readonly kind: 'cron';
  readonly text: string;
}

export interface Every {
  readonly kind: 'every';
  readonly days: number;
  readonly at: CivilTime;
  readonly startingOn: CivilDate;
}

export type Recurrence = CronText | Every;

/** The schedule depends on a date of each athlete. */
export type DateSchedule = BirthdaySchedule | AnniversarySchedule | ScheduledDateSchedule;

/** The schedule has times of its own for each athlete. */
export type AthleteSchedule = DateSchedule | InactivitySchedule;

export type TimeSchedule = AthleteSchedule | RecurringSchedule;

/** Parses settings that have passed `validateTimeSettings`. Throws a TypeError for others. */
export function readTimeSettings({ schedule }: TimeSettings): TimeSchedule {
  switch (schedule.case) {
    case 'birthday': {
      const { at, offsetDays, feb29 } = schedule.value;
      return { kind: 'birthday', at, offsetDays, feb29: feb29Of(feb29) };
    }
    case 'anniversary': {
      const { field, at, offsetDays, feb29, minYears } = schedule.value;
      return {
        ...{ kind: 'anniversary', field, at, offsetDays },
        feb29: feb29Of(feb29),
        minYears: Math.max(minYears, 1),
      };
    }
    case 'scheduledDate': {
      const { field, offsetDays, at } = schedule.value;
      return { kind: 'scheduled_date', field, offsetDays, at: at || undefined };
    }
    case 'athleteInactive':
      return { kind: 'athlete_inactive', days: schedule.value.days };
    case 'recurringSchedule': {
      const { timeZone, recurrence } = schedule.value;
      return { kind: 'recurring_schedule', zone: timeZone, recurrence: readRecurrence(recurrence) };
    }
    default:
      throw new TypeError('The settings have no schedule');
  }
}

type RecurrenceMessage = Extract<TimeSettings['schedule'], { case: 'recurringSchedule' }>['value'];

function readRecurrence(recurrence: RecurrenceMessage['recurrence']): Recurrence {
  switch (recurrence.case) {
    case 'cron':
      return { kind: 'cron', text: recurrence.value };
    case 'every': {
      const { days, weeks, at, startingOn } = recurrence.value;
      return { kind: 'every', days: days + 7 * weeks, at, startingOn };
    }
    default:
      throw new TypeError('The schedule has no recurrence');
  }
}

function feb29Of(message: Feb29Message): Feb29 {
  switch (message) {
    case Feb29Message.MAR1:
      return 'MAR1';
    case Feb29Message.SKIP:
      return 'SKIP';
    default:
      return 'FEB28';
  }
}
