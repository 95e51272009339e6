/** The days of a program with what each prescribes, a week of the cycle at a time. */
import { useId, useState } from 'react';
import type { Program } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { Nothing } from '../parts/states.tsx';
import { dayName, nameOf } from '../words/formats.ts';
import type { Names } from '../words/names.ts';
import { describeGroup, groupsOfWeek } from './prescription-words.ts';

interface ProgramDaysProps {
  readonly program: Program;
  readonly names: Names;
  readonly title?: string;
}

export function ProgramDays({ program, names, title = 'Days' }: ProgramDaysProps) {
  const id = useId();
  const [week, setWeek] = useState(1);
  const { days, weeksPerCycle, unit } = program;
  return (
    <section className="panel">
      <div className="between">
        <h2>{title}</h2>
        {weeksPerCycle > 1 && (
          <label htmlFor={id} className="choice">
            <span className="unseen">Week of the cycle</span>
            <select id={id} value={week} onChange={({ target }) => setWeek(Number(target.value))}>
              {Array.from({ length: weeksPerCycle }, (_, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: weeks are their numbers
                <option key={index} value={index + 1}>
                  Week {index + 1}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {days.length === 0 && <Nothing>It has no days.</Nothing>}
      <ul className="days">
        {days.map(({ slug, liftIds, prescriptions }) => {
          const prescribed = new Set(prescriptions.map(({ liftId }) => liftId));
          const others = liftIds.filter((liftId) => !prescribed.has(liftId));
          return (
            <li key={slug}>
              <h3>{dayName(slug)}</h3>
              <ul className="plain">
                {prescriptions.map((prescription, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a lift may come several times
                  <li key={index}>
                    {names.lift(prescription.liftId)}
                    {groupsOfWeek(prescription, week).map((group, place) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: groups have no identity but their place
                      <div key={place} className="quiet">
                        {describeGroup(group, nameOf(unit))}
                      </div>
                    ))}
                  </li>
                ))}
                {others.length > 0 && (
                  <li className="quiet">
                    {others.map((liftId) => names.lift(liftId)).join(', ')}: left open
                  </li>
                )}
              </ul>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
