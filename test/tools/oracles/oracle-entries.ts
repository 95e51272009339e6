/** Small oracles that hold, to be bent one field at a time; and directories to put them in. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const VECTOR = {
  id: 'v-1',
  progression: {
    type: 'LINEAR_PROGRESSION',
    parameters: { maxType: 'TRAINING_MAX', triggerType: 'AFTER_SESSION', increment: 2.5 },
  },
  context: { currentValue: 100, maxType: 'TRAINING_MAX', trigger: { type: 'AFTER_SESSION' } },
  expect: { applied: true, newValue: '102.50', delta: '2.5' },
};

export const STAGE_VECTOR = {
  id: 'v-stage',
  progression: {
    type: 'STAGE_PROGRESSION',
    parameters: {
      maxType: 'TRAINING_MAX',
      currentStage: 1,
      stages: Array(2).fill({ name: '5x5', sets: 5, reps: 5, isAmrap: false, minVolume: 25 }),
      resetOnExhaustion: true,
      deloadOnReset: true,
      deloadPercent: 0.1,
    },
  },
  context: { currentValue: 100, maxType: 'TRAINING_MAX', trigger: { type: 'ON_FAILURE' } },
  expect: { applied: true, newValue: '90', delta: '-10', stageBefore: 1, stageAfter: 0 },
};

export const SKIPPED_VECTOR = {
  id: 'v-skip',
  progression: {
    type: 'DOUBLE_PROGRESSION',
    parameters: { maxType: 'TRAINING_MAX', weightIncrement: 5 },
  },
  context: {
    currentValue: 47.5,
    maxType: 'TRAINING_MAX',
    trigger: { type: 'AFTER_SET', repsPerformed: 11, maxReps: 12 },
  },
  expect: { applied: false, newValue: '47.5', delta: '0', reason: 'REP_CEILING_NOT_REACHED' },
};

/** Weeks and cycles end here, and the last week of a cycle is a week. */
export const TRACE = {
  name: 'weeks-and-cycles',
  lift: 'Bench Press',
  start: 100,
  rules: [
    {
      type: 'LINEAR_PROGRESSION',
      parameters: { maxType: 'TRAINING_MAX', triggerType: 'AFTER_WEEK', increment: '1' },
    },
    {
      type: 'CYCLE_PROGRESSION',
      priority: 5,
      overrideIncrement: 20,
      parameters: { maxType: 'TRAINING_MAX', increment: '10' },
    },
  ],
  events: [{ advance: 'week' }, { sets: [[5, 5]], advance: 'cycle' }, { advance: 'week' }],
  expect: ['101', '122', 123],
};

export const STAGE_TRACE = {
  name: 'stages',
  lift: 'squat',
  start: '200',
  rules: [
    {
      type: 'STAGE_PROGRESSION',
      priority: 1,
      parameters: { ...STAGE_VECTOR.progression.parameters, countBy: 'SESSION' },
    },
    {
      type: 'AMRAP_PROGRESSION',
      priority: 2,
      parameters: { maxType: 'TRAINING_MAX', thresholds: [{ minReps: 8, increment: 5 }] },
    },
  ],
  events: [
    {
      sets: [
        [5, 0, 'WARM_UP'],
        [5, 8, 'AMRAP'],
      ],
    },
    { sets: [[5, 4]] },
    { sets: [[5, 8]] },
    {
      sets: [
        [5, 4],
        [5, 5],
      ],
    },
  ],
  expect: ['205', '205', '205', '184.5'],
  expectStage: [0, 1, null, 0],
};

/** A directory with these files, texts as they are and the rest as JSON, for as long as `use` takes. */
export async function withDirectory<T>(
  files: Readonly<Record<string, unknown>>,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'oracles-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), typeof content === 'string' ? content : JSON.stringify(content));
    }
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
