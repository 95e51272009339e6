/**
 * What changes compute from columns by functions that PostgreSQL calls stable. A cluster refuses those in a change, because
 * it calls functions before it knows the rows; these depend on nothing but their arguments.
 */
import { Migration } from '@mikro-orm/migrations';

const FUNCTIONS: readonly (readonly [signature: string, result: string, body: string])[] = [
  // What verdicts looked at of the athlete goes; the verdicts stay.
  [
    'outcomes_without_subjects(outcomes jsonb)',
    'jsonb',
    `select coalesce(jsonb_agg(
      case when part ? 'subject' then part || '{"subject": {}, "timeZone": "UTC"}' else part end order by place), '[]')
    from jsonb_array_elements(outcomes) with ordinality as o(part, place)`,
  ],
  [
    'facts_without_data(facts jsonb)',
    'jsonb',
    `select jsonb_agg((fact - 'previous') || '{"data": {}}' order by place)
    from jsonb_array_elements(facts) with ordinality as f(fact, place)`,
  ],
  // A cluster does not survive a slice of an array in a change.
  [
    'latest_identities(identity uuid, earlier uuid[], kept integer)',
    'uuid[]',
    `select (array[identity] || earlier)[1:kept]`,
  ],
  [
    'has_text(message bytea, wanted text)',
    'boolean',
    `select position(convert_to(wanted, 'UTF8') in message) > 0`,
  ],
];

export class ImmutableFunctions extends Migration {
  override up(): void {
    for (const [signature, result, body] of FUNCTIONS) {
      this.addSql(`create function ${signature} returns ${result} language sql immutable parallel safe
        set search_path = pg_catalog as $$ ${body} $$`);
    }
  }

  override down(): void {
    for (const [signature] of FUNCTIONS.toReversed()) {
      this.addSql(`drop function ${signature.replace(/(\(|, )\w+ /g, '$1')}`);
    }
  }
}
