/** The state of one walk through a JSON text: its position, and the faults so far. */
import type { FieldViolation } from '../errors/domain-error.ts';
import { JsonCursor, UnreadableJson } from './json-cursor.ts';
import { cut, jsonStep, mapStep, shown } from './shown-text.ts';

/** The number of levels that protobuf's own decoder accepts. */
const MOST_LEVELS = 100;

/** Further faults are counted and not described, because an error lists far fewer. */
const MOST_DESCRIBED = 100;

const NONE: readonly string[] = [];

/** A member of an object as it was sent, or the index of an element. */
export type JsonKey = string | number;

/** A step of a field's path: a field's name, an index, or a key of a map or of free JSON. */
export type PathStep = string | number | { readonly key: string; readonly isMapKey: boolean };

/** A fault of a JSON text. */
export interface JsonFault extends FieldViolation {
  /** Its path in the JSON. */
  readonly keys: readonly JsonKey[];
  /** Paths that seem to be absent because of it: of its oneof, and of the field that was probably meant. */
  readonly lost: readonly string[];
}

/** Reads values and records faults; the cursor's methods throw UnreadableJson. */
export class JsonWalk {
  readonly cursor: JsonCursor;
  readonly faults: JsonFault[] = [];
  /** The number of faults that are not in `faults`. */
  more = 0;
  /** Members without meaning, which are removed before protobuf's decoder reads the text. */
  readonly ignored: (readonly JsonKey[])[] = [];
  private readonly path: PathStep[] = [];
  private readonly keys: JsonKey[] = [];
  private readonly oneofs: (readonly string[])[] = [];
  private levels = 0;

  constructor(text: string) {
    this.cursor = new JsonCursor(text);
  }

  /** Enters a member or element, of this oneof; `leave` returns. */
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

  /** Records a fault of the value at this path; `lost` are sibling names that seem to be absent because of it. */
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

  /** Records that the member at this path means the same as an absent one. */
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

  /** Skips a value of any kind, and returns it in the form in which an error may repeat it. */
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
