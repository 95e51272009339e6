/** Events of athletes' profiles. */
import { changing, type EventRow, eventType, field, personal } from './event-row.ts';

/** Emitted by the service for its own athletes; other systems may publish them as well. */
function contact(row: Pick<EventRow, 'name' | 'description' | 'fields' | 'requiredConfiguration'>) {
  return eventType({ ...row, category: 'contact', source: 'service', isPublishable: true });
}

const NAME = personal('name', 'string', 'The name.', 'Sample Athlete');
const BIRTH_DATE = personal('birth_date', 'date', 'The day of birth.', '1992-02-29');
const TIME_ZONE = field('time_zone', 'string', 'IANA; absent: the account’s.', 'Europe/Berlin');
const TAG = field('tag', 'string', 'The tag.', 'vip');

export const CONTACT = [
  contact({
    name: 'contact_created',
    description: 'An athlete was added.',
    fields: [
      NAME,
      BIRTH_DATE,
      TIME_ZONE,
      field('tags', 'list', 'The tags from the beginning.', ['vip']),
      field('origin', 'string', 'Where the athlete came from, if a publisher says so.', 'website'),
    ],
  }),
  contact({
    name: 'contact_updated',
    description: 'An athlete’s profile changed. Only the fields that changed have a value.',
    fields: [
      field(
        'changed_fields',
        'list',
        'The names of the fields that changed; `deleted` when the athlete was restored.',
        ['name', 'birth_date', 'time_zone', 'opted_out'],
      ),
      changing(NAME, 'Former Name'),
      changing(BIRTH_DATE, null),
      changing(TIME_ZONE, 'Asia/Tokyo'),
      changing(field('opted_out', 'bool', 'Automations leave the athlete alone.', true), false),
    ],
  }),
  contact({
    name: 'tag_added',
    description: 'The athlete has a tag now.',
    requiredConfiguration: ['tag'],
    fields: [TAG],
  }),
  contact({
    name: 'tag_removed',
    description: 'The athlete has a tag no more.',
    requiredConfiguration: ['tag'],
    fields: [TAG],
  }),
  contact({
    name: 'custom_field_changed',
    description: 'One of the athlete’s attributes changed.',
    requiredConfiguration: ['field_name'],
    fields: [
      field('field_name', 'string', 'The attribute’s name.', 'level'),
      changing(field('value', 'string', 'The value as text, a list as JSON; absent: none.', '3'), '2'),
      changing(field('number_value', 'decimal', 'The value where it is a number, also in text.', '3'), '2'),
    ],
  }),
];
