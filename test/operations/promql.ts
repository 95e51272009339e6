/** The names in a PromQL expression: its metrics and their labels. */

export interface PromqlNames {
  readonly metrics: ReadonlySet<string>;
  /** Labels that are matched, with the values that they are compared with, or grouped by. */
  readonly labels: ReadonlySet<string>;
  /** Label values that an exact or alternative match names: `reason="A"`, `code=~"A|B"`. */
  readonly values: readonly { readonly label: string; readonly value: string }[];
}

const WORDS = new Set([
  'by',
  'without',
  'on',
  'ignoring',
  'and',
  'or',
  'unless',
  'bool',
  'offset',
  'inf',
  'nan',
]);
const MATCHER = /([a-z_]\w*)\s*(=~|!~|!=|=)\s*"([^"]*)"/gi;
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/gi;

/** Supports the parts of PromQL that alert rules and dashboards need. */
export function namesIn(expression: string): PromqlNames {
  const matchers = [...expression.matchAll(MATCHER)];
  const groupings = [...expression.matchAll(GROUPING)].flatMap(([, list]) => `${list}`.split(','));
  const bare = expression
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(GROUPING, ' ');
  const words = [...bare.matchAll(/(?<![\w$.])[a-z_:][\w:]*(?!\s*\()(?![\w:])/gi)].map(([word]) => word);
  return {
    metrics: new Set(words.filter((word) => !WORDS.has(word.toLowerCase()))),
    labels: new Set([
      ...matchers.map(([, label]) => `${label}`),
      ...groupings.map((label) => label.trim()).filter((label) => label !== ''),
    ]),
    values: matchers
      .filter(([, , , value]) => !`${value}`.includes('$'))
      .flatMap(([, label, , value]) =>
        `${value}`.split('|').map((each) => ({ label: `${label}`, value: each })),
      ),
  };
}
