/** The fields that a condition can name, by what they belong to. */
import { isOperator, listOperators, OPERATORS } from '../../../../src/filters/filter-operators.ts';
import { FieldType } from '../../../../src/gen/automation/v1/trigger_service_pb.ts';
import { useBuilder } from './builder-context.ts';
import { type NamedStep, namedStepsBefore } from './earlier-steps.ts';

export interface FilterField {
  readonly name: string;
  /** UNSPECIFIED: the condition's value decides. */
  readonly type: FieldType;
  readonly operators: readonly string[];
}

export interface FieldGroup {
  readonly label: string;
  readonly fields: readonly FilterField[];
}

/** For a condition at this path: the event's fields first, then the athlete's, then the results of earlier steps. */
export function useFields(path: string): readonly FieldGroup[] {
  const { eventType, accountFields, actions } = useBuilder();
  if (path.includes('.history[')) {
    // Earlier events have their own values alone, and nothing to compare with them.
    const fields = (eventType?.fields ?? []).map(({ name, type, operators }) => ({
      ...{ name, type, operators: operators.filter((each) => !isOperator(each) || !OPERATORS[each].isDiff) },
    }));
    return fields.length > 0 ? [{ label: 'Of that event', fields }] : [];
  }
  const ofAccount = accountFields.map(({ path: name, type, operators }) => ({ name, type, operators }));
  const below = (prefix: string) => ofAccount.filter(({ name }) => name.startsWith(prefix));
  // What a wait waits for is filtered before the run knows anything of its steps.
  const steps = path.includes('.branch.filter') ? namedStepsBefore(actions, path) : [];
  return [
    { label: 'Of the event', fields: eventType?.fields ?? [] },
    { label: 'Of the athlete', fields: below('athlete.') },
    { label: 'Of the account', fields: below('custom.') },
    { label: 'Answers of a form', fields: below('answers.') },
    { label: 'Results of earlier steps', fields: steps.flatMap(fieldsOfStep) },
  ].filter(({ fields }) => fields.length > 0);
}

/** The operators of fields without a type of their own. */
const UNTYPED = Object.entries(OPERATORS).flatMap(([name, { isDiff }]) => (isDiff ? [] : [name]));

function fieldsOfStep({ name, hasAnswer, hasChoice }: NamedStep): FilterField[] {
  const text = (result: string): FilterField => ({
    name: `steps.${name}.${result}`,
    type: FieldType.STRING,
    operators: listOperators('string'),
  });
  return [
    text('outcome'),
    text('reason'),
    ...(hasChoice ? [text('taken')] : []),
    ...(hasAnswer
      ? [
          { name: `steps.${name}.status`, type: FieldType.INT, operators: listOperators('int') },
          { name: `steps.${name}.body`, type: FieldType.UNSPECIFIED, operators: UNTYPED },
        ]
      : []),
  ];
}

const ANSWER = /^(steps\.[^.]+\.body)(?:\.(.*))?$/;

/** The field that a condition names, and the path within the answer of a webhook; undefined for other fields. */
export function splitAnswerPath(name: string): { readonly field: string; readonly path: string } | undefined {
  const [, field, path = ''] = ANSWER.exec(name) ?? [];
  return field === undefined ? undefined : { field, path };
}
