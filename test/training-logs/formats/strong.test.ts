/** The Strong app in four languages, with commas, semicolons and tabs. */
import { describe, expect, test } from 'vitest';
import { HAS_REAL_LOGS, readRealLog } from '../../support/real-logs.ts';
import { briefly, faultCounts, readBytes, readLines, volumeOf } from '../../support/training-logs.ts';

describe.skipIf(!HAS_REAL_LOGS)('a real export', () => {
  test('with French headers', () => {
    const log = readBytes(readRealLog('exports/strong-french-headers.csv'), { unit: 'kg' });

    expect([log.formatName, log.programSlug, log.rowCount, log.sets.length]).toEqual([
      'Strong',
      null,
      200,
      191,
    ]);
    expect(faultCounts(log)).toEqual({ NO_REPS: 6, NO_WEIGHT: 3 });
    expect(volumeOf(log)).toBe('55602');
    expect(log.sets.slice(0, 2).map(briefly)).toEqual([
      '3 2023-08-16T13:10 Bench Press (Dumbbell) WORK 1: 8 x 20 kg',
      '4 2023-08-16T13:10 Bench Press (Dumbbell) WORK 2: 8 x 25 kg',
    ]);
    expect(log.faults.find(({ reason }) => reason === 'NO_WEIGHT')).toEqual({
      line: 69,
      reason: 'NO_WEIGHT',
      detail: "Knee Raise (Captain's Chair)",
    });
  });

  test('with a session twice counts its sets once', () => {
    const log = readBytes(readRealLog('strong-export-sample.csv'));
    const copies = log.faults.filter(({ reason }) => reason === 'COPY').map(({ line }) => line);

    expect([log.rowCount, log.sets.length]).toEqual([1294, 1129]);
    expect(copies).toEqual(Array.from({ length: 17 }, (_, index) => 267 + index));
    expect(new Set(log.sets.map(({ unit }) => unit))).toEqual(new Set([null]));
  });
});

const GERMAN =
  'Datum,Workout-Name,Dauer,Name der Übung,Reihenfolge festlegen,Gewicht,Wiederh.,Entfernung,Sekunden,Notizen,Workout-Notizen,RPE';
const SPANISH =
  'Fecha;Nombre de entrenamiento;Duración;Nombre del ejercicio;Orden de la serie;Peso;Rep.;Distancia;Segundos;Notas;Notas del entrenamiento;RPE';

test('German: decimal commas in quotes, rest timers', () => {
  const log = readLines([
    GERMAN,
    '2025-08-23 17:51:23,"Ganzkörper",1h,"Squat (Barbell)",W,"42,5","5,0",0,"0,0","","",',
    '2025-08-23 17:51:23,"Ganzkörper",1h,"Squat (Barbell)",Ruhezeit,0,"0,0",0,"120,0",,,',
    '2025-08-23 17:51:23,"Ganzkörper",1h,"Squat (Barbell)",1,"102,5","5,0",0,"0,0","","","8,5"',
  ]);

  expect(log.sets.map(briefly)).toEqual([
    '2 2025-08-23T17:51 Squat (Barbell) WARM_UP W: 5 x 42.5 ?',
    '4 2025-08-23T17:51 Squat (Barbell) WORK 1: 5 x 102.5 ?',
  ]);
  expect(log.sets.map(({ rpe }) => rpe)).toEqual([null, '8.5']);
  expect(log.faults).toEqual([{ line: 3, reason: 'REST_TIMER', detail: 'Squat (Barbell)' }]);
});

test('Spanish, with semicolons', () => {
  const log = readLines([
    SPANISH,
    '2025-08-23 17:51:23;Piernas;1h;Squat (Barbell);1;1,250;5;0;0;;;',
    '2025-08-23 17:51:23;Piernas;1h;Squat (Barbell);2;102,5;4;0;0;;;',
  ]);

  expect(log.sets.map(briefly)).toEqual([
    '2 2025-08-23T17:51 Squat (Barbell) WORK 1: 5 x 1.25 ?',
    '3 2025-08-23T17:51 Squat (Barbell) WORK 2: 4 x 102.5 ?',
  ]);
});

test('in UTF-16 with tabs, as a spreadsheet saves Unicode text, with its dates', () => {
  const lines = [
    'Date\tExercise Name\tSet Order\tWeight (lbs)\tReps',
    '3/4/2024 18:00\tSquat\t1\t225\t5',
    '3/16/2024 18:00\tSquat\t1\t230\t5',
  ];
  const log = readBytes(Buffer.from(`\uFEFF${lines.join('\r\n')}`, 'utf16le'));

  expect(log.sets.map(briefly)).toEqual([
    '2 2024-03-04T18:00 Squat WORK 1: 5 x 225 lb',
    '3 2024-03-16T18:00 Squat WORK 1: 5 x 230 lb',
  ]);
});

test('the requested unit is used when the file has none, and does not convert when the file has another', () => {
  const lines = [
    'Date;Exercise Name;Set Order;Weight;Weight Unit;Reps',
    '2024-03-04;Squat;1;80;;5',
    '2024-03-04;Squat;2;80;kg;5',
    '2024-03-04;Squat;3;180;lbs;5',
  ];
  const log = readLines(lines, { unit: 'kg' });

  expect(log.sets.map(({ line, unit }) => [line, unit])).toEqual([
    [2, 'kg'],
    [3, 'kg'],
  ]);
  expect(log.faults).toEqual([{ line: 4, reason: 'UNIT_NOT_ASKED_FOR', detail: 'lb, not kg' }]);
});
