/** Finds oracles: JSON files of vectors or traces, recognised by their content. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A decimal; recorded as text or as a number. */
export type RecordedDecimal = string | number;

/** A single application of one rule, and its result. */
export interface Vector {
  readonly id?: string;
  readonly progression: { readonly type: string; readonly parameters: Readonly<Record<string, unknown>> };
  readonly context: {
    readonly currentValue: RecordedDecimal;
    readonly maxType: string;
    readonly overrideIncrement?: RecordedDecimal | null;
    readonly trigger: {
      readonly type: string;
      readonly repsPerformed?: number | null;
      readonly isAMRAP?: boolean | null;
      readonly consecutiveFailures?: number | null;
      readonly maxReps?: number | null;
    };
  };
  readonly expect: {
    readonly applied: boolean;
    readonly newValue: RecordedDecimal;
    readonly delta: RecordedDecimal;
    readonly reason?: string;
    readonly stageBefore?: number;
    readonly stageAfter?: number;
  };
}

/** A program of one lift, what an athlete did, and the training max after each event. */
export interface Trace {
  readonly name?: string;
  readonly lift: string;
  readonly start: RecordedDecimal;
  readonly rules: readonly TraceRule[];
  readonly events: readonly TraceEvent[];
  readonly expect: readonly RecordedDecimal[];
  readonly expectStage?: readonly (number | null)[];
}

export interface TraceRule {
  readonly type: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly priority?: number;
  readonly overrideIncrement?: RecordedDecimal | null;
}

export interface TraceEvent {
  /** Of a session: target repetitions, repetitions performed, kind. */
  readonly sets?: readonly (readonly [targetReps: number, repsPerformed: number, kind?: string])[];
  readonly advance?: string;
}

/** What one file holds. `entries` of another shape are kept, and fail by name. */
export type OracleFile =
  | { readonly path: string; readonly kind: 'VECTORS' | 'TRACES'; readonly entries: readonly unknown[] }
  | { readonly path: string; readonly kind: 'NOT_AN_ORACLE' };

/** Every JSON file under `directory`, in the order of paths. Throws when it cannot be read. */
export async function readOracleFiles(directory: string): Promise<OracleFile[]> {
  const paths = await readdir(directory, { recursive: true });
  const files = paths.filter((path) => path.endsWith('.json')).toSorted();
  return Promise.all(
    files.map(async (path) => classify(path, parseJson(await readFile(join(directory, path), 'utf8')))),
  );
}

export function isVector(entry: unknown): entry is Vector {
  return (
    isObject(entry) &&
    isObject(entry.progression) &&
    isObject(entry.progression.parameters) &&
    isObject(entry.context) &&
    isObject(entry.context.trigger) &&
    isObject(entry.expect)
  );
}

export function isTrace(entry: unknown): entry is Trace {
  return (
    isObject(entry) &&
    typeof entry.lift === 'string' &&
    [entry.rules, entry.events, entry.expect].every((list) => Array.isArray(list))
  );
}

function classify(path: string, content: unknown): OracleFile {
  const entries = Array.isArray(content) ? content : [content];
  if (entries.some(isVector)) {
    return { path, kind: 'VECTORS', entries };
  }
  return entries.some(isTrace) ? { path, kind: 'TRACES', entries } : { path, kind: 'NOT_AN_ORACLE' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
