/** JEFIT's export of several tables in one file. */
import { expect, test } from 'vitest';
import { TrainingLogError } from '../../../src/training-logs/training-log.ts';
import { briefly, readLines } from '../../support/training-logs.ts';

const SETTINGS = (mass: string) => [
  '### SETTING ##########################################',
  '',
  'row_id,USERID,TIMESTAMP,gender,currentRoutine,DOB,name,length,mass,dbversion',
  `1,7,"2026-01-01 00:00:00",M,3,1990-01-01,," cm","${mass}",`,
  '',
  '######################################################',
  '',
];
const NOTES = [
  '### NOTES ############################################',
  '',
  'row_id,mynote',
  '1,"a quote that " is never closed',
  '',
  '######################################################',
  '',
];
const LOGS = [
  '### EXERCISE LOGS ####################################',
  '',
  'USERID,TIMESTAMP,belongSys,logs,_id,record,mydate,eid,ename,day_item_id,belongsession,logTime,interval_logs,auto_generated',
  '7,"2026-01-01 00:00:00",1,"60x10,62.5x8,62.5x0",1,86.67,2026-01-02,21,"Barbell Bench Press",1,1000,1,,',
  '7,"2026-01-01 00:00:00",1,"0x12",2,0,2026-01-02,90,"Pull Up",2,1000,1,,',
  '7,"2026-01-01 00:00:00",1,"",3,0,2026-01-02,90,"Treadmill",2,1000,1,,',
  '7,"2026-01-01 00:00:00",1,"100x5,heavy",4,0,2026-01-05,127,"Barbell Squat",3,2000,2,,',
  '',
  '######################################################',
  '',
  '### EXERCISE SET LOGS ################################',
  '',
  '_id,userid,exercise_log_id,set_index,weight_lbs,reps',
  '1,7,1,0,132.28,10',
];

test('a JEFIT export has the sets of an exercise in one cell, and the unit in its settings', () => {
  const log = readLines([...SETTINGS(' kg'), ...NOTES, ...LOGS]);

  expect([log.formatName, log.rowCount]).toEqual(['JEFIT', 4]);
  expect(log.sets.map(briefly)).toEqual([
    '18 2026-01-02T12:00 Barbell Bench Press WORK 1: 10 x 60 kg',
    '18 2026-01-02T12:00 Barbell Bench Press WORK 2: 8 x 62.5 kg',
    '21 2026-01-05T12:00 Barbell Squat WORK 1: 5 x 100 kg',
  ]);
  expect(log.sets.map(({ workout }) => workout)).toEqual(['1000', '1000', '2000']);
  expect(log.faults).toEqual([
    { line: 18, reason: 'NO_REPS', detail: 'Barbell Bench Press' },
    { line: 19, reason: 'NO_WEIGHT', detail: 'Pull Up' },
    { line: 20, reason: 'NO_REPS', detail: 'Treadmill' },
    { line: 21, reason: 'BAD_SET', detail: '"heavy"' },
  ]);
});

test.each([
  [SETTINGS(' lbs'), 'lb'],
  [SETTINGS(''), null],
  [[], null],
])('the unit is that of the settings, or unknown', (settings, unit) => {
  const log = readLines([...settings, ...LOGS]);

  expect(new Set(log.sets.map((set) => set.unit))).toEqual(new Set([unit]));
});

test('a file without a table of logs is not a training log', () => {
  expect(() => readLines(SETTINGS(' kg'))).toThrow(TrainingLogError);
  expect(() => readLines(SETTINGS(' kg'))).toThrow(/^the file is no training log that is known here: /);
});
