/** The maxes of an athlete: one is chosen, and shown as a chart and as a table of its changes. */
import { useQuery } from '@connectrpc/connect-query';
import { useCallback, useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import { type Program, WeightUnit } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { type LiftMax, ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { SetFurtherMax } from '../actions/set-further-max.tsx';
import { SetMax } from '../actions/set-max.tsx';
import { useMay } from '../calls/permissions.ts';
import { withParameter } from '../parts/search-parameters.ts';
import { Answer, Nothing } from '../parts/states.tsx';
import {
  convertWeight,
  formatDay,
  formatDelta,
  formatWeight,
  nameOf,
  type ShownUnit,
} from '../words/formats.ts';
import { MAX_TYPE_NAMES, type Names } from '../words/names.ts';
import { MaxChart } from './max-chart.tsx';
import { type ChangeKind, describeEvent, type MaxChange, useMaxHistory } from './max-history.ts';
import { pointsOf, SIMULATED_AMRAP_REPS, SIMULATED_WEEKS, useSimulation } from './simulation.ts';

interface MaxPanelProps {
  readonly userId: string;
  readonly names: Names;
  /** The program that the athlete follows; undefined: none, and nothing can be simulated. */
  readonly program: Program | undefined;
  readonly shown: ShownUnit;
}

/** The request for the maxes of an athlete. */
export const maxesOf = (userId: string) => ({ userId, pageSize: 500 });

export function MaxPanel(props: MaxPanelProps) {
  const maxes = useQuery(ProgressionService.method.listLiftMaxes, maxesOf(props.userId));
  const [chosen, setChosen] = useSearchParams();
  const maySet = useMay(ProgressionService.method.setLiftMax);
  const [isSetting, setIsSetting] = useState(false);
  return (
    <section className="panel" aria-labelledby="maxes-heading">
      <h2 id="maxes-heading">Lift maxes</h2>
      <Answer query={maxes}>
        {({ liftMaxes }) => {
          const ordered = inProgramOrder(liftMaxes, props.program);
          const current = ordered.find((max) => keyOf(max) === chosen.get('max')) ?? ordered[0];
          return current ? (
            <>
              <fieldset className="choices" aria-label="Lift">
                {ordered.map((max) => (
                  <button
                    type="button"
                    key={keyOf(max)}
                    aria-pressed={max === current}
                    onClick={() => setChosen(withParameter(chosen, 'max', keyOf(max)), { replace: true })}
                  >
                    <span className="choice-name">
                      {props.names.lift(max.liftId)}
                      {max.maxType !== MaxType.TRAINING_MAX && ` (${MAX_TYPE_NAMES[max.maxType]})`}
                    </span>
                    <span className="choice-value">{formatWeight(max.value, max.unit, props.shown)}</span>
                  </button>
                ))}
              </fieldset>
              <OneMax key={keyOf(current)} max={current} {...props} />
            </>
          ) : (
            <Nothing>The athlete has no max yet.</Nothing>
          );
        }}
      </Answer>
      {maySet && (
        <p className="send">
          <button type="button" className="link" onClick={() => setIsSetting(true)}>
            Set the max of a lift …
          </button>
        </p>
      )}
      {isSetting && (
        <SetFurtherMax
          userId={props.userId}
          names={props.names}
          unit={props.program?.unit ?? WeightUnit.UNSPECIFIED}
          onClose={() => setIsSetting(false)}
        />
      )}
    </section>
  );
}

const keyOf = ({ liftId, maxType }: LiftMax) => `${liftId}.${maxType}`;

/** The lifts of the program first, in its order. */
function inProgramOrder(maxes: readonly LiftMax[], program: Program | undefined): LiftMax[] {
  const place = new Map(program?.lifts.map(({ id }, index) => [id, index]));
  return maxes.toSorted((a, b) => (place.get(a.liftId) ?? 1e6) - (place.get(b.liftId) ?? 1e6));
}

function OneMax({ max, userId, names, program, shown }: MaxPanelProps & { max: LiftMax }) {
  const { liftId, maxType, unit } = max;
  const history = useMaxHistory(userId, liftId, maxType);
  const [isSimulated, setIsSimulated] = useState(true);
  const simulation = useSimulation(userId, isSimulated && program !== undefined);
  const [pointed, setPointed] = useState<MaxChange>();
  const maySet = useMay(ProgressionService.method.setLiftMax);
  const [isSetting, setIsSetting] = useState(false);
  const convert = useCallback((value: number) => convertWeight(value, unit, shown), [unit, shown]);
  const simulated = useMemo(
    () =>
      isSimulated && simulation.data && program
        ? pointsOf(simulation.data.events, program, { liftId, maxType, startMs: Date.now() })
        : [],
    [isSimulated, simulation.data, program, liftId, maxType],
  );
  return (
    <Answer query={history}>
      {({ changes, isComplete }) => (
        <>
          <MaxChart
            {...{ changes, simulated, convert }}
            unit={shown === 'as stored' ? nameOf(unit) : shown}
            onPoint={setPointed}
          />
          <PointNote change={pointed ?? changes.at(-1)} {...{ names, shown }} />
          <div className="below-chart">
            <Legend />
            {maySet && (
              <button type="button" className="link" onClick={() => setIsSetting(true)}>
                Set this max …
              </button>
            )}
            {program && (
              <label className="check">
                <input
                  type="checkbox"
                  checked={isSimulated}
                  onChange={(event) => setIsSimulated(event.target.checked)}
                />
                Next {SIMULATED_WEEKS} weeks: every target met, {SIMULATED_AMRAP_REPS} repetitions in AMRAP
                sets
              </label>
            )}
          </div>
          {isSetting && <SetMax {...{ max, names }} onClose={() => setIsSetting(false)} />}
          <details>
            <summary>
              {names.lift(liftId)}: every change{isComplete ? '' : ' of the newest 10,000'} as a table
            </summary>
            <ChangeTable {...{ changes, names, shown }} />
          </details>
        </>
      )}
    </Answer>
  );
}

/** What the pointed-at marker stands for; without one, the newest. */
function PointNote({
  change,
  names,
  shown,
}: {
  change: MaxChange | undefined;
  names: Names;
  shown: ShownUnit;
}) {
  if (!change) {
    return null;
  }
  const { max, log, value, before, kind } = change;
  return (
    <p className="point-note">
      <span className="quiet">{formatDay(max.effectiveAt)}</span>{' '}
      <strong>{formatWeight(value, max.unit, shown)}</strong>{' '}
      {before !== undefined && (
        <span className={value < before ? 'bad' : 'good'}>
          {formatDelta(convertWeight(value - before, max.unit, shown))}
        </span>
      )}{' '}
      <span>{KIND_NAMES[kind]}</span>
      <span className="quiet">
        {' · '}
        {describeEvent(change)}
        {log && ` · ${names.rule(log.progressionId)}`}
        {(log?.triggerContext?.reason || max.reason) && ` · “${log?.triggerContext?.reason || max.reason}”`}
      </span>
    </p>
  );
}

const KIND_NAMES: Readonly<Record<ChangeKind, string>> = {
  start: 'Start',
  raise: 'Raise',
  amrap: 'AMRAP',
  deload: 'Deload',
  manual: 'Set by hand',
  revert: 'Undone',
};

function Legend() {
  return (
    <ul className="legend" aria-hidden="true">
      <li className="mark-raise">Raise</li>
      <li className="mark-amrap">AMRAP</li>
      <li className="mark-deload">Deload</li>
      <li className="mark-manual">Set by hand</li>
      <li className="mark-revert">Undone</li>
    </ul>
  );
}

/** At most this many rows at once: a table of thousands makes the page slow. */
const ROWS_AT_ONCE = 100;

function ChangeTable({
  changes,
  names,
  shown,
}: {
  changes: readonly MaxChange[];
  names: Names;
  shown: ShownUnit;
}) {
  const [count, setCount] = useState(ROWS_AT_ONCE);
  const newestFirst = changes.toReversed();
  return (
    <div className="scroll">
      <table className="rows compact">
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col" className="number">
              Value
            </th>
            <th scope="col" className="number">
              Change
            </th>
            <th scope="col">What</th>
            <th scope="col">Event</th>
            <th scope="col">Rule or reason</th>
          </tr>
        </thead>
        <tbody>
          {newestFirst.slice(0, count).map((change) => (
            <tr key={change.version}>
              <td className="day">{formatDay(change.max.effectiveAt)}</td>
              <td className="number">{formatWeight(change.value, change.max.unit, shown)}</td>
              <td className="number">
                {change.before !== undefined &&
                  formatDelta(convertWeight(change.value - change.before, change.max.unit, shown))}
              </td>
              <td>{KIND_NAMES[change.kind]}</td>
              <td>{describeEvent(change)}</td>
              <td>{change.log ? names.rule(change.log.progressionId) : change.max.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {count < newestFirst.length && (
        <button type="button" onClick={() => setCount(count + ROWS_AT_ONCE)}>
          Show more
        </button>
      )}
    </div>
  );
}
