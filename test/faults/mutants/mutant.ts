/** A mutant of the service, and a copy of the source tree with its replacements. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Failpoint } from '../../../src/store/failpoints.ts';
import type { CallWeights } from '../client-calls.ts';
import type { FaultWeights } from '../inject-faults.ts';
import type { Rule } from '../run-history.ts';

export interface Replacement {
  readonly file: string;
  /** Must occur exactly once in the file. */
  readonly search: string;
  readonly replace: string;
}

/** The scenario, or the test of the suite, that should detect the mutant. */
export type Scenario =
  | {
      readonly kind: 'FAULTS';
      readonly faults: FaultWeights;
      readonly calls?: CallWeights;
      /** Athletes per account; absent for the default. */
      readonly athletes?: number;
    }
  | { readonly kind: 'FAILPOINTS'; readonly points: readonly Failpoint[]; readonly hits: number }
  | { readonly kind: 'DUPLICATES'; readonly calls: number; readonly copies: number }
  | { readonly kind: 'TEST'; readonly file: string; readonly title: string };

export interface Mutant {
  /** What the mutant does, as a sentence without its subject. */
  readonly name: string;
  readonly replacements: readonly Replacement[];
  readonly servers?: number;
  readonly scenario: Scenario;
  /** The rules that may detect the mutant; empty where a test does. */
  readonly rules: readonly Rule[];
}

/** The files that a server needs. */
const PARTS = ['src', 'migrations', 'package.json', 'test/faults/server-preload.ts'];
/** What tests need beside them. */
const TEST_PARTS = ['test', 'vitest.config.ts', 'tsconfig.json'];

/**
 * Copies the source tree and applies the replacements; remove it with `removeTree`. Throws when a replacement
 * does not fit.
 */
export function makeTree(
  root: string,
  { name, replacements, scenario }: Pick<Mutant, 'name' | 'replacements' | 'scenario'>,
): string {
  const tree = mkdtempSync(join(tmpdir(), 'progression-mutant-'));
  try {
    for (const part of scenario.kind === 'TEST' ? [...PARTS, ...TEST_PARTS] : PARTS) {
      mkdirSync(dirname(join(tree, part)), { recursive: true });
      cpSync(join(root, part), join(tree, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
    for (const { file, search, replace } of replacements) {
      const text = readFileSync(join(tree, file), 'utf8');
      const matches = text.split(search).length - 1;
      if (matches !== 1) {
        throw new Error(`"${name}" matches ${matches} times in ${file}: ${search}`);
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
