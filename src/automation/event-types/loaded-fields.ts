/** The fields of athletes that are loaded only where a filter reads them: training and history. */
import { type RawBuilder, sql } from 'kysely';
import type { FilterField, JsonObject } from '../../filters/filter.ts';
import { HISTORY, isHistoryField } from '../../filters/read-history.ts';
import { type HistorySubject, historySql } from './history-document.ts';
import { trainingSql } from './training-document.ts';
import { isTrainingField, TRAINING } from './training-fields.ts';

/** The folders of the document that the fields need; an empty object when they need none. */
export function loadedFieldsSql(
  fields: readonly FilterField[],
  subject: HistorySubject,
): RawBuilder<JsonObject> {
  const training = fields.filter(isTrainingField);
  const history = fields.filter(isHistoryField);
  const folders = [
    ...(training.length > 0 ? [sql`${TRAINING}::text, ${trainingSql(training, subject)}`] : []),
    ...(history.length > 0 ? [sql`${HISTORY}::text, ${historySql(history, subject)}`] : []),
  ];
  return sql`jsonb_build_object(${sql.join(folders)})`;
}
