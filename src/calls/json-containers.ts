/** Checks the JSON of lists and maps, and of the fields that take any JSON. */
import { type JsonReader, refuse } from './json-scalars.ts';
import type { JsonWalk } from './json-walk.ts';
import { cut, shown } from './shown-text.ts';

export function listReader(readElement: JsonReader): JsonReader {
  return (walk) => {
    if (walk.cursor.kind() === 'list') {
      walk.elements(() => readElement(walk));
    } else {
      refuse(walk, 'must be a list in square brackets');
    }
  };
}

/** A map with texts as keys. */
export function mapReader(readValue: JsonReader): JsonReader {
  return (walk) => {
    if (walk.cursor.kind() === 'object') {
      readKeys(walk, true, readValue);
    } else {
      refuse(walk, 'must be an object, such as {"key": "value"}');
    }
  };
}

/** google.protobuf.Value: any JSON without duplicate keys, and without numbers that JSON cannot represent. */
export function readFree(walk: JsonWalk): void {
  const { cursor } = walk;
  switch (cursor.kind()) {
    case 'object':
      readKeys(walk, false, readFree);
      break;
    case 'list':
      walk.elements(() => readFree(walk));
      break;
    case 'number': {
      const digits = cursor.readNumber();
      if (!Number.isFinite(Number(digits))) {
        walk.note(`must be a number up to 1.8e308; was ${cut(digits)}`);
      }
      break;
    }
    default:
      walk.skip();
  }
}

function readKeys(walk: JsonWalk, isMap: boolean, readValue: JsonReader): void {
  const seen = new Set<string>();
  walk.members((key) => {
    walk.enter(key, { key, isMapKey: isMap });
    if (seen.has(key)) {
      walk.note('must be given once');
      walk.skip();
    } else if (isMap && !key.isWellFormed()) {
      walk.note(`must have a key in Unicode; was ${shown(key)}`);
      walk.skip();
    } else {
      seen.add(key);
      readValue(walk);
    }
    walk.leave();
  });
}
