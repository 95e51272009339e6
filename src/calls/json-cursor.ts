/** Reads JSON text token by token, as RFC 8259 writes it: no comments, no trailing commas, no single quotes. */

/** The text cannot be read any further: it is no JSON, or nests too deeply. */
export class UnreadableJson extends Error {
  override readonly name = 'UnreadableJson';
}

export type JsonKind = 'object' | 'list' | 'string' | 'number' | 'boolean' | 'null';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** By the first character; others begin a number, or nothing that JSON knows. */
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

/** A place in a JSON text. Every method throws UnreadableJson, with line and column, for what is no JSON. */
export class JsonCursor {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** What the next value is; reads nothing of it. */
  kind(): JsonKind {
    this.skipBlanks();
    const kind = KINDS.get(this.text.charCodeAt(this.at));
    if (kind === undefined && this.at >= this.text.length) {
      throw this.fault('expected a value, but the text ends');
    }
    return kind ?? 'number';
  }

  /** Steps into an object or a list; whether it has something in it. */
  open(kind: 'object' | 'list'): boolean {
    this.at += 1;
    this.skipBlanks();
    return !this.skip(kind === 'object' ? '}' : ']');
  }

  /** Behind a member or an element: whether another one follows; otherwise steps out of the object or list. */
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

  /** The name of a member, and its colon. */
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

  /** The next value is a string. */
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

  /** The next value is a number; its digits as they were written. */
  readNumber(): string {
    const start = this.at;
    NUMBER.lastIndex = start;
    if (!NUMBER.test(this.text)) {
      throw this.fault('expected a value');
    }
    this.at = NUMBER.lastIndex;
    return this.text.slice(start, this.at);
  }

  /** The next value is true, false or null. */
  readWord(): (typeof WORDS)[number] {
    const word = WORDS.find((each) => this.text.startsWith(each, this.at));
    if (!word) {
      throw this.fault('expected a value');
    }
    this.at += word.length;
    return word;
  }

  /** Nothing but blanks may follow. */
  end(): void {
    this.skipBlanks();
    if (this.at < this.text.length) {
      throw this.fault('expected the end of the text');
    }
  }

  /** What is wrong at this place. */
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
