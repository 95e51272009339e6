/** A known way to break the service, and a copy of the tree that is broken in that way. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Failpoint } from '../../../src/store/failpoints.ts';
import type { CallWeights } from '../calls.ts';
import type { Rule } from '../history.ts';
import type { FaultWeights } from '../nemesis.ts';

export interface Replacement {
  readonly file: string;
  /** Occurs once in the file. */
  readonly search: string;
  readonly replace: string;
}

/** What a broken service goes through. */
export type Scenario =
  | {
      readonly kind: 'FAULTS';
      readonly faults: FaultWeights;
      readonly calls?: CallWeights;
      /** Of each of two accounts; absent: some. */
      readonly athletes?: number;
    }
  | { readonly kind: 'FAILPOINTS'; readonly points: readonly Failpoint[]; readonly hits: number }
  | { readonly kind: 'DUPLICATES'; readonly calls: number; readonly copies: number };

export interface Mutant {
  /** What it does wrong, as a sentence without a subject. */
  readonly name: string;
  readonly replacements: readonly Replacement[];
  readonly servers?: number;
  readonly scenario: Scenario;
  /** By which it may be caught. */
  readonly rules: readonly Rule[];
}

/** What servers run from. */
const PARTS = ['src', 'migrations', 'package.json', 'test/faults/server-preload.ts'];

/** A tree with these replacements; see removeTree. Throws when one of them does not apply any more. */
export function makeTree(
  root: string,
  { name, replacements }: Pick<Mutant, 'name' | 'replacements'>,
): string {
  const tree = mkdtempSync(join(tmpdir(), 'progression-mutant-'));
  try {
    for (const part of PARTS) {
      mkdirSync(dirname(join(tree, part)), { recursive: true });
      cpSync(join(root, part), join(tree, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
    for (const { file, search, replace } of replacements) {
      const text = readFileSync(join(tree, file), 'utf8');
      const places = text.split(search).length - 1;
      if (places !== 1) {
        throw new Error(`"${name}" finds its place ${places} times in ${file}: ${search}`);
      }
      writeFileSync(
        join(tree, file),
        text.replace(search, () => replace),
      );
    }
    return tree;
  } catch (error) {
    removeTree(tree);
    throw error;
  }
}

export function removeTree(tree: string): void {
  rmSync(tree, { recursive: true, force: true });
}
