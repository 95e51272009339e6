/** Validates an athlete's profile, and computes the events that a change of it causes. */
import type { JsonObject } from '@bufbuild/protobuf';
import { shown } from '../calls/shown-text.ts';
import type { Limits } from '../config/config.ts';
import { type FieldViolation, invalidFields } from '../errors/domain-error.ts';
import type { Fact } from '../store/entities/outbox-entry.ts';
import type { User } from '../store/entities/user.ts';
import { fact } from '../store/outbox.ts';
import { type Instant, instantToText } from '../values/instant.ts';
import { type AttributeLimits, attributeViolations } from './attributes.ts';
import { type TagLimits, tagViolations } from './tags.ts';

/** The fields of a request; empty or undefined fields are not checked. */
export interface AthleteProfile {
  readonly timeZone?: string | undefined;
  readonly birthDate?: string | undefined;
  readonly tags?: readonly string[];
  readonly addTags?: readonly string[];
  readonly removeTags?: readonly string[];
  readonly attributes?: JsonObject | undefined;
}

/**
 * Throws VALIDATION_FAILED unless the time zone is an IANA name, the birth date is a past day (in UTC), and
 * tags and attributes keep the rules of tags.ts and attributes.ts. The account's own attribute types are
 * checked later.
 */
export function checkProfile(profile: AthleteProfile, now: Instant, limits: Limits): void {
  const violations = [
    ...timeZoneViolations(profile.timeZone),
    ...birthDateViolations(profile.birthDate, now),
    ...tagsViolations(profile, limits),
    ...attributeViolations(profile.attributes ?? {}, limits),
  ];
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
}

function timeZoneViolations(timeZone: string | undefined): FieldViolation[] {
  return !timeZone || isTimeZone(timeZone)
    ? []
    : [
        {
          field: 'time_zone',
          description: `must be an IANA time zone, such as Europe/Berlin; was ${shown(timeZone)}`,
        },
      ];
}

function birthDateViolations(birthDate: string | undefined, now: Instant): FieldViolation[] {
  if (!birthDate) {
    return [];
  }
  if (!isCalendarDate(birthDate)) {
    const rule = 'must be a day of the calendar, such as 1992-02-29';
    return [{ field: 'birth_date', description: `${rule}; was ${shown(birthDate)}` }];
  }
  return birthDate > instantToText(now).slice(0, 10)
    ? [{ field: 'birth_date', description: `must not be in the future; was ${shown(birthDate)}` }]
    : [];
}

function tagsViolations(profile: AthleteProfile, limits: TagLimits & AttributeLimits): FieldViolation[] {
  const { tags = [], addTags = [], removeTags = [] } = profile;
  return [
    ...tagViolations(tags, 'tags', limits),
    ...tagViolations(addTags, 'add_tags', limits),
    ...tagViolations(removeTags, 'remove_tags', limits),
    ...removeTags.flatMap((tag, index) =>
      addTags.includes(tag)
        ? [{ field: `remove_tags[${index}]`, description: 'must not be among add_tags too' }]
        : [],
    ),
  ];
}

/** The profile fields that events carry. Tags and attributes have events of their own. */
export interface ToldProfile {
  readonly name: string;
  readonly birth_date: string | null;
  readonly time_zone: string | null;
  readonly opted_out: boolean;
}

export function toldProfile(user: User): ToldProfile {
  return {
    name: user.name,
    birth_date: user.birthDate ?? null,
    time_zone: user.timeZone ?? null,
    opted_out: user.optedOutAt !== null && user.optedOutAt !== undefined,
  };
}

/** The contact_updated event: only the changed fields, before and after; none when nothing changed. */
export function profileFacts(before: ToldProfile, after: ToldProfile): Fact[] {
  const names = Object.keys(after) as (keyof ToldProfile)[];
  const changed = names.filter((name) => before[name] !== after[name]);
  const of = (profile: ToldProfile) => Object.fromEntries(changed.map((name) => [name, profile[name]]));
  return changed.length > 0
    ? [fact('contact_updated', { changed_fields: changed, ...of(after) }, of(before))]
    : [];
}

/** Intl accepts offsets such as +02:00, which are no IANA zones: they have no daylight saving time. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) {
    return false;
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Date rolls 1993-02-29 over to March, and accepts a year 0 that the calendar does not have. */
function isCalendarDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) && !text.startsWith('0000');
}
