/** Validates the shape of a workflow: its tree of steps, and the actions that choose a way through it. */
import { shown } from '../../../calls/shown-text.ts';
import type { Limits } from '../../../config/config.ts';
import type { FieldViolation } from '../../../errors/domain-error.ts';
import type { FilterGroup } from '../../../gen/automation/v1/filter_pb.ts';
import type { ExitGoal } from '../../../gen/automation/v1/workflow_service_pb.ts';
import { runFieldCatalogue } from '../../actions/run-filter.ts';
import type { PlacedAction } from '../../actions/tree/every-action.ts';
import { filterOfMessage, logicFaults } from '../filter-message.ts';
import type { ActionChecks, ActionContext } from './action-check.ts';
import { checkSpan, violationUnless } from './field-checks.ts';
import { filterFaults } from './validate-trigger.ts';

/** Too many steps, too many branches within each other, and names that are used twice. */
export function shapeFaults(
  placed: readonly PlacedAction[],
  { workflowActions, workflowActionDepth }: Limits,
  path: string,
): FieldViolation[] {
  if (placed.length > workflowActions) {
    return [
      { field: path, description: `must have at most ${workflowActions} actions; has ${placed.length}` },
    ];
  }
  const tooDeep = placed.filter(({ depth }) => depth > workflowActionDepth);
  const named = placed.filter(({ action }) => action.name !== '');
  const again = named.filter(
    ({ action }, index) => named.findIndex((each) => each.action.name === action.name) < index,
  );
  return [
    ...tooDeep.map(({ path: field, depth }) => ({
      field,
      description: `must be within at most ${workflowActionDepth} branches; is within ${depth}`,
    })),
    ...named.flatMap(({ action, path: own }) => checkName(action.name, `${own}.name`)),
    ...again.map(({ action, path: own }) => ({
      field: `${own}.name`,
      description: `must be the name of one step only, and ${action.name} is an earlier one's`,
    })),
  ];
}

const NAME_RULE = 'must be 1 to 50 lower-case letters, digits and _, a letter first';

function checkName(name: string, field: string): FieldViolation[] {
  return violationUnless(/^[a-z][a-z0-9_]{0,49}$/.test(name), field, `${NAME_RULE}; was ${shown(name)}`);
}

/** Violations of the exits, with paths below `path`. */
export function validateExits(
  exits: readonly ExitGoal[],
  context: AwaitedContext,
  path: string,
): FieldViolation[] {
  const { workflowExits } = context.limits;
  return exits.length > workflowExits
    ? [{ field: path, description: `must have at most ${workflowExits} exits; has ${exits.length}` }]
    : exits.flatMap((exit, index) => awaitedFaults(exit, context, `${path}[${index}]`));
}

type AwaitedContext = Pick<ActionContext, 'types' | 'limits'>;

/** An event that runs listen to, and the filter over it. */
function awaitedFaults(
  { eventType: name, filter }: { readonly eventType: string; readonly filter?: FilterGroup | undefined },
  { types, limits }: AwaitedContext,
  path: string,
): FieldViolation[] {
  const eventType = types.eventType(name);
  if (!eventType || eventType.category === 'time') {
    const rule = 'must be an event of ListEventTypes, not of the category time';
    return [{ field: `${path}.event_type`, description: `${rule}; was ${shown(name)}` }];
  }
  return filter
    ? [
        ...filterFaults(
          filterOfMessage(filter),
          runFieldCatalogue(types, eventType, []),
          limits,
          `${path}.filter`,
        ),
        ...logicFaults(filter, `${path}.filter`),
      ]
    : [];
}

export const FLOW_ACTIONS: ActionChecks<'branch' | 'split' | 'waitForEvent'> = {
  waitForEvent: (action, context, path) => [
    ...awaitedFaults(action, context, path),
    ...(action.timeout
      ? checkSpan(action.timeout, { leastS: 1, mostDays: context.limits.longestSpanDays }, `${path}.timeout`)
      : [{ field: `${path}.timeout`, description: 'is required' }]),
  ],
  branch: ({ filter }, context, path) =>
    filter
      ? runFilterFaults(filter, context, `${path}.filter`)
      : [{ field: `${path}.filter`, description: 'is required' }],
  split: ({ paths }, { limits }, path) => {
    const { splitPaths } = limits;
    if (paths.length < 2 || paths.length > splitPaths) {
      return [
        { field: `${path}.paths`, description: `must have 2 to ${splitPaths} paths; has ${paths.length}` },
      ];
    }
    const names = paths.map(({ name }) => name);
    const sum = paths.reduce((total, { percent }) => total + percent, 0);
    return [
      ...names.flatMap((name, index) => [
        ...checkName(name, `${path}.paths[${index}].name`),
        ...violationUnless(
          names.indexOf(name) === index,
          `${path}.paths[${index}].name`,
          `must be the name of one path of the split only; ${shown(name)} is an earlier one's`,
        ),
      ]),
      ...paths.flatMap(({ percent }, index) =>
        violationUnless(
          percent >= 1 && percent <= 99,
          `${path}.paths[${index}].percent`,
          `must be from 1 to 99; was ${percent}`,
        ),
      ),
      ...violationUnless(sum === 100, `${path}.paths`, `must have percentages of 100 together, not ${sum}`),
    ];
  },
};

/** Without a trigger the event's fields are unknown; ActivateWorkflow checks them. */
function runFilterFaults(
  filter: FilterGroup,
  { triggerType, types, limits, earlierSteps }: ActionContext,
  path: string,
): FieldViolation[] {
  const catalogue = triggerType && runFieldCatalogue(types, triggerType, earlierSteps.filter(Boolean));
  return [...filterFaults(filterOfMessage(filter), catalogue, limits, path), ...logicFaults(filter, path)];
}
