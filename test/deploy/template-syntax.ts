/** Reads the part of Go's template language that the chart uses into a tree. */

export type Operand =
  | { readonly kind: 'literal'; readonly value: unknown }
  /** A variable (`$` for the scope of the whole template, empty for the current one) and fields of it. */
  | { readonly kind: 'path'; readonly variable: string; readonly fields: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly commands: Pipeline };
/** Commands of a function or a value with arguments; each gets the result of the one before as its last argument. */
export type Pipeline = readonly (readonly Operand[])[];

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: Pipeline }
  | { readonly kind: 'assign'; readonly variable: string; readonly pipeline: Pipeline }
  | { readonly kind: 'define'; readonly name: string; readonly body: readonly Node[] }
  | { readonly kind: 'if'; readonly condition: Pipeline; readonly body: Node[]; readonly otherwise: Node[] };

const ACTION = /\{\{(-?)\s*(\/\*[\s\S]*?\*\/|[\s\S]*?)\s*(-?)\}\}/g;

/** Throws TypeError for what it does not know. */
export function parseTemplate(source: string): Node[] {
  const root: Node[] = [];
  const open: { readonly node: Node; body: Node[] }[] = [];
  let body = root;

  function close(): void {
    open.pop();
    body = open.at(-1)?.body ?? root;
  }
  for (const part of partsOf(source)) {
    const [keyword = '', ...rest] = part.isAction ? part.text.split(/\s+/) : [];
    const argument = rest.join(' ');
    const top = open.at(-1);
    if (!part.isAction) {
      body.push({ kind: 'text', text: part.text });
    } else if (keyword === 'if') {
      const node = { kind: 'if' as const, condition: parsePipeline(argument), body: [], otherwise: [] };
      body.push(node);
      body = node.body;
      open.push({ node, body });
    } else if (keyword === 'define') {
      const node = { kind: 'define' as const, name: JSON.parse(argument) as string, body: [] };
      body.push(node);
      body = node.body;
      open.push({ node, body });
    } else if (keyword === 'else' && argument === '' && top?.node.kind === 'if') {
      body = top.node.otherwise;
      top.body = body;
    } else if (keyword === 'end' && top) {
      close();
    } else if (rest[0] === ':=') {
      body.push({ kind: 'assign', variable: keyword, pipeline: parsePipeline(rest.slice(1).join(' ')) });
    } else {
      body.push({ kind: 'print', pipeline: parsePipeline(part.text) });
    }
  }
  if (open.length > 0) {
    throw new TypeError('an action has no end');
  }
  return root;
}

/** Text and actions in turn, with white space trimmed where an action says so; comments are left out. */
function partsOf(source: string): { isAction: boolean; text: string }[] {
  const parts: { isAction: boolean; text: string }[] = [];
  let [at, trimsNext] = [0, false];
  const addText = (text: string, trimsEnd: boolean) => {
    const begun = trimsNext ? text.trimStart() : text;
    parts.push({ isAction: false, text: trimsEnd ? begun.trimEnd() : begun });
  };
  for (const { 0: whole, 1: left, 2: text = '', 3: right, index } of source.matchAll(ACTION)) {
    addText(source.slice(at, index), left === '-');
    if (!text.startsWith('/*')) {
      parts.push({ isAction: true, text });
    }
    [at, trimsNext] = [index + whole.length, right === '-'];
  }
  addText(source.slice(at), false);
  return parts;
}

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|\$?[\w]*(?:\.\w+)+|\$\w*|\.|[A-Za-z]\w*|-?\d+|[()|])/y;

function parsePipeline(source: string): Pipeline {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const [, token] = TOKEN.exec(source) ?? [];
    if (token === undefined) {
      throw new TypeError(`the renderer does not know ${source.slice(at)}`);
    }
    tokens.push(token);
  }
  const pipeline = readPipeline(tokens);
  if (tokens.length > 0) {
    throw new TypeError(`the renderer does not know ${tokens[0]} in ${source}`);
  }
  return pipeline;
}

/** Takes tokens up to the parenthesis that closes it, or all. */
function readPipeline(tokens: string[]): Pipeline {
  const commands: Operand[][] = [[]];
  while (tokens.length > 0 && tokens[0] !== ')') {
    const token = `${tokens.shift()}`;
    if (token === '|') {
      commands.push([]);
    } else if (token === '(') {
      commands.at(-1)?.push({ kind: 'pipeline', commands: readPipeline(tokens) });
      if (tokens.shift() !== ')') {
        throw new TypeError('a parenthesis is not closed');
      }
    } else {
      commands.at(-1)?.push(operandOf(token));
    }
  }
  return commands;
}

function operandOf(token: string): Operand {
  if (/^["-\d]/.test(token)) {
    return { kind: 'literal', value: JSON.parse(token) };
  }
  if (/^[.$]/.test(token)) {
    const [variable = '', ...fields] = token.split('.');
    return { kind: 'path', variable, fields: fields.filter((field) => field !== '') };
  }
  return { kind: 'function', name: token };
}
