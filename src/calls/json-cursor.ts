/** Reads JSON text token by token, strictly by RFC 8259: no comments, no trailing commas, no single quotes. */

/** The text cannot be read any further: it is not JSON, or is nested too deeply. */
export class UnreadableJson extends Error {
  override readonly name = 'UnreadableJson';
}

export type JsonKind = 'object' | 'list' | 'string' | 'number' | 'boolean' | 'null';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** The kind of a value by its first character; others begin a number, or are not JSON. */
const KINDS: ReadonlyMap<number, JsonKind> = new Map([
  [0x7b, 'object'],
  [0x5b, 'list'],
  [QUOTE, 'string'],
  [0x74, 'boolean'],
  [0x66, 'boolean'],
  [0x6e, 'null'],
]);
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const WORDS = ['true', 'false', 'null'] as const;

/** A position in a JSON text. Every method throws UnreadableJson, with line and column, for invalid JSON. */
export class JsonCursor {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The kind of the next value, which is not read yet. */
  kind(): JsonKind {
    this.skipBlanks();
    const kind = KINDS.get(this.text.charCodeAt(this.at));
    if (kind === undefined && this.at >= this.text.length) {
      throw this.fault('expected a value, but the text ends');
    }
    return kind ?? 'number';
  }

  /** Enters an object or a list; returns whether it is not empty. */
  open(kind: 'object' | 'list'): boolean {
    this.at += 1;
    this.skipBlanks();
    return !this.skip(kind === 'object' ? '}' : ']');
  }

  /** After a member or an element: returns whether another one follows; otherwise leaves the object or list. */
  more(kind: 'object' | 'list'): boolean {
    this.skipBlanks();
    if (this.skip(',')) {
      this.skipBlanks();
      return true;
    }
    const end = kind === 'object' ? '}' : ']';
    if (this.skip(end)) {
      return false;
    }
    throw this.fault(`expected a comma or ${end}`);
  }

  /** Reads the name of a member, and its colon. */
  readName(): string {
    if (this.text.charCodeAt(this.at) !== QUOTE) {
      throw this.fault('expected a name in double quotes');
    }
    const name = this.readString();
    this.skipBlanks();
    if (!this.skip(':')) {
      throw this.fault('expected a colon');
    }
    return name;
  }

  /** Reads a string. */
  readString(): string {
    const { text } = this;
    const start = this.at;
    let hasEscapes = false;
    for (this.at += 1; ; this.at += 1) {
      const code = text.charCodeAt(this.at);
      if (code === QUOTE) {
        break;
      }
      if (code === BACKSLASH) {
        hasEscapes = true;
        ESCAPE.lastIndex = this.at;
        if (!ESCAPE.test(text)) {
          throw this.fault('a string has an escape that JSON does not know');
        }
        this.at = ESCAPE.lastIndex - 1;
      } else if (!(code >= 0x20)) {
        throw this.fault(
          this.at >= text.length ? 'the text ends in a string' : 'a control character must be an escape',
        );
      }
    }
    this.at += 1;
    return hasEscapes ? JSON.parse(text.slice(start, this.at)) : text.slice(start + 1, this.at - 1);
  }

  /** Reads a number; returns its text. */
  readNumber(): string {
    const start = this.at;
    NUMBER.lastIndex = start;
    if (!NUMBER.test(this.text)) {
      throw this.fault('expected a value');
    }
    this.at = NUMBER.lastIndex;
    return this.text.slice(start, this.at);
  }

  /** Reads true, false or null. */
  readWord(): (typeof WORDS)[number] {
    const word = WORDS.find((each) => this.text.startsWith(each, this.at));
    if (!word) {
      throw this.fault('expected a value');
    }
    this.at += word.length;
    return word;
  }

  /** Expects the end of the text, after white space. */
  end(): void {
    this.skipBlanks();
    if (this.at < this.text.length) {
      throw this.fault('expected the end of the text');
    }
  }

  /** The error at this position. */
  fault(what: string): UnreadableJson {
    const before = this.text.slice(0, this.at);
    const line = before.split('\n').length;
    const column = before.length - before.lastIndexOf('\n');
    return new UnreadableJson(`is no JSON: ${what}, at line ${line}, column ${column}`);
  }

  private skip(character: string): boolean {
    const isThere = this.text[this.at] === character;
    this.at += isThere ? 1 : 0;
    return isThere;
  }

  private skipBlanks(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) {
        return;
      }
      this.at += 1;
    }
  }
}
