/** The state of one walk through a JSON text: where it is, and the faults that it has found. */
import type { FieldViolation } from '../errors/domain-error.ts';
import { JsonCursor, UnreadableJson } from './json-cursor.ts';
import { cut, jsonStep, mapStep, shown } from './shown-text.ts';

/** As many levels as protobuf's own decoder takes. */
const MOST_LEVELS = 100;

/** Faults beyond are counted, not described: an error names far fewer. */
const MOST_DESCRIBED = 100;

const NONE: readonly string[] = [];

/** A member of an object as it was sent, or the index of an element. */
export type JsonKey = string | number;

/** A step of a field's path: a field's name, an index, or a key of a map or of free JSON. */
export type PathStep = string | number | { readonly key: string; readonly isMapKey: boolean };

/** A fault of a JSON text. */
export interface JsonFault extends FieldViolation {
  /** Where in the JSON it is. */
  readonly keys: readonly JsonKey[];
  /** Paths that seem to be absent because of it: of its oneof, and of the field that was probably meant. */
  readonly lost: readonly string[];
}

/** Reads values and notes faults; the cursor's methods throw UnreadableJson. */
export class JsonWalk {
  readonly cursor: JsonCursor;
  readonly faults: JsonFault[] = [];
  /** Faults that were found and are not in `faults`. */
  more = 0;
  /** Members that mean nothing and have to go before protobuf's decoder reads the text. */
  readonly ignored: (readonly JsonKey[])[] = [];
  private readonly path: PathStep[] = [];
  private readonly keys: JsonKey[] = [];
  private readonly oneofs: (readonly string[])[] = [];
  private levels = 0;

  constructor(text: string) {
    this.cursor = new JsonCursor(text);
  }

  /** Goes on to a member or element, of this oneof; `leave` comes back. */
  enter(key: JsonKey, step: PathStep, oneof: readonly string[] = NONE): void {
    this.keys.push(key);
    this.path.push(step);
    this.oneofs.push(oneof);
  }

  leave(): void {
    this.keys.pop();
    this.path.pop();
    this.oneofs.pop();
  }

  /** Notes a fault of the value at this place; `lost` are names beside it that seem to be absent because of it. */
  note(description: string, lost: readonly string[] = this.oneofs.at(-1) ?? NONE): void {
    if (this.faults.length === MOST_DESCRIBED) {
      this.more += 1;
      return;
    }
    const beside = this.path.slice(0, -1);
    this.faults.push({
      field: pathText(this.path),
      description,
      keys: [...this.keys],
      lost: lost.map((name) => pathText([...beside, name])),
    });
  }

  /** The member at this place means the same as none. */
  ignore(): void {
    this.ignored.push([...this.keys]);
  }

  /** Reads each member of an object: `read` is called with the cursor at its value. */
  members(read: (name: string) => void): void {
    this.deeper();
    if (this.cursor.open('object')) {
      do {
        read(this.cursor.readName());
      } while (this.cursor.more('object'));
    }
    this.levels -= 1;
  }

  /** Reads each element of a list. */
  elements(read: () => void): void {
    this.deeper();
    if (this.cursor.open('list')) {
      let index = 0;
      do {
        this.enter(index, index);
        read();
        this.leave();
        index += 1;
      } while (this.cursor.more('list'));
    }
    this.levels -= 1;
  }

  /** Reads past a value, whatever it is, and gives it as an error may repeat it. */
  skip(): string {
    const { cursor } = this;
    switch (cursor.kind()) {
      case 'object':
        this.members(() => this.skip());
        return 'an object';
      case 'list':
        this.elements(() => this.skip());
        return 'a list';
      case 'string':
        return shown(cursor.readString());
      case 'number':
        return cut(cursor.readNumber());
      default:
        return cursor.readWord();
    }
  }

  private deeper(): void {
    this.levels += 1;
    if (this.levels > MOST_LEVELS) {
      throw new UnreadableJson(`nests deeper than ${MOST_LEVELS} levels`);
    }
  }
}

/** For example `triggers[2].settings.configuration["tag"]`. */
function pathText(path: readonly PathStep[]): string {
  return path.map(stepText).join('').replace(/^\./, '');
}

function stepText(step: PathStep): string {
  switch (typeof step) {
    case 'number':
      return `[${step}]`;
    case 'string':
      return `.${step}`;
    default:
      return step.isMapKey ? mapStep(step.key) : jsonStep(step.key);
  }
}
