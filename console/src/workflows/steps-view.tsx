/** Steps in words. Kinds with lists of steps of their own are found by the descriptors. */
import { type DescMessage, isMessage, type Message } from '@bufbuild/protobuf';
import { type Action, ActionSchema } from '../../../src/gen/automation/v1/action_pb.ts';
import { FilterGroupSchema } from '../../../src/gen/automation/v1/filter_pb.ts';
import { sentenceCase } from '../words/formats.ts';
import type { Names } from '../words/names.ts';
import { FilterView } from './filter-view.tsx';
import { describeAction } from './workflow-words.ts';

export function StepsView({ actions, names }: { actions: readonly Action[]; names: Names }) {
  return (
    <ol className="steps">
      {actions.map((action, index) => {
        const kind = ActionSchema.oneofs[0]?.fields.find(({ localName }) => localName === action.action.case);
        const value = action.action.value;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: steps have no identity but their place
          <li key={index}>
            {describeAction(action, names)}
            {kind?.message && value && <Parts schema={kind.message} value={value} names={names} />}
          </li>
        );
      })}
    </ol>
  );
}

/** The filter and the lists of steps of a step, or of one of its parts. */
function Parts({ schema, value, names }: { schema: DescMessage; value: Message; names: Names }) {
  return schema.fields.map((field) => {
    const content = (value as unknown as Readonly<Record<string, unknown>>)[field.localName];
    if (isMessage(content, FilterGroupSchema)) {
      return <FilterView key={field.name} filter={content} />;
    }
    if (field.fieldKind !== 'list' || field.listKind !== 'message') {
      return null;
    }
    const items = content as readonly Message[];
    if (field.message.typeName === ActionSchema.typeName) {
      return (
        items.length > 0 && (
          <div key={field.name}>
            <span className="quiet">{sentenceCase(field.name)}</span>
            <StepsView actions={items as readonly Action[]} names={names} />
          </div>
        )
      );
    }
    return items.map((item, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
      <div key={`${field.name} ${index}`}>
        <span className="quiet">{titleOf(item)}</span>
        <Parts schema={field.message} value={item} names={names} />
      </div>
    ));
  });
}

/** `a, 50 %`: what names a part and how much of the athletes it gets. */
function titleOf(part: Message): string {
  const { name, percent } = part as unknown as { name?: string; percent?: number };
  return [name, percent && `${percent}\u00a0%`].filter(Boolean).join(', ');
}
