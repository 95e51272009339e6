/** Converts recorded rule parameters to the form in which this service stores them. */
import { Decimal } from 'decimal.js';
import { isRuleType, type RuleType } from '../../src/progression/evaluation/rules/rule-types.ts';
import type { RecordedDecimal } from './oracle-files.ts';

export type Parameters = Readonly<Record<string, unknown>>;

/** Weights and shares: text in the store, where a recording may have numbers. */
const DECIMAL_PARAMETERS = new Set([
  'increment',
  'incrementPercent',
  'weightIncrement',
  'deloadPercent',
  'deloadAmount',
  'roundTo',
  'minValue',
  'maxValue',
]);

/** Throws a TypeError for an unknown rule type. */
export function ruleTypeOf(type: string): RuleType {
  if (!isRuleType(type)) {
    throw new TypeError(`there is no rule type ${type}`);
  }
  return type;
}

/** Decimals become text, defaults of the type are added, and sizes of 0, which mean none, are removed. */
export function storedParameters(type: RuleType, recorded: Parameters): Parameters {
  const parameters = withDecimalsAsText(recorded);
  switch (type) {
    case 'DOUBLE_PROGRESSION':
      return { triggerType: 'AFTER_SET', ...parameters };
    case 'DELOAD_ON_FAILURE':
      return without(parameters, parameters.deloadType === 'fixed' ? 'deloadPercent' : 'deloadAmount');
    case 'STAGE_PROGRESSION':
      return without(parameters, 'deloadPercent');
    default:
      return parameters;
  }
}

export function decimalText(value: RecordedDecimal): string {
  return new Decimal(value).toFixed();
}

function withDecimalsAsText(recorded: Parameters): Parameters {
  const entries = Object.entries(recorded).map(([name, value]) => {
    if (DECIMAL_PARAMETERS.has(name) && typeof value === 'number') {
      return [name, decimalText(value)];
    }
    if (name === 'thresholds' && Array.isArray(value)) {
      return [name, value.map(withDecimalsAsText)];
    }
    return [name, value];
  });
  return Object.fromEntries(entries);
}

/** The parameters without one that is 0. */
function without(parameters: Parameters, name: string): Parameters {
  const { [name]: value, ...rest } = parameters;
  return value === '0' ? rest : parameters;
}
