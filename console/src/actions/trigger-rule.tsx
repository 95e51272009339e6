/** Applies a rule of the athlete's program by hand. */
import { useId, useState } from 'react';
import { Permission } from '../../../src/gen/progression/v1/access_pb.ts';
import type { Program, ProgramProgression } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { progressions } from '../calls/clients.ts';
import { useHas } from '../calls/permissions.ts';
import { describeRule } from '../programs/rule-words.ts';
import type { Names } from '../words/names.ts';
import { ActionDialog, ReasonInput, under } from './action-dialog.tsx';

interface TriggerRuleProps {
  readonly userId: string;
  readonly program: Program;
  readonly rows: readonly ProgramProgression[];
  readonly names: Names;
  readonly onClose: () => void;
}

export function TriggerRule({ userId, program, rows, names, onClose }: TriggerRuleProps) {
  const id = useId();
  const mayForce = useHas(Permission.PROGRESSION_FORCE);
  const [progressionId, setProgressionId] = useState('');
  const [liftId, setLiftId] = useState('');
  const [force, setForce] = useState(false);
  const [reason, setReason] = useState('');
  const ruleIds = [...new Set(rows.filter(({ enabled }) => enabled).map((row) => row.progressionId))];
  return (
    <ActionDialog
      title="Apply a rule by hand"
      input={`${progressionId} ${liftId} ${force} ${reason}`}
      onClose={onClose}
      // The method has no preview of its own.
      preview={async () => {
        const rule = names.rules.get(progressionId);
        return (
          <>
            <p>
              <strong>{names.rule(progressionId)}</strong> is applied to{' '}
              {liftId ? names.lift(liftId) : 'every lift that it covers'}, whether targets were met or not
              {force && ', also where the latest event has its application already'}.
            </p>
            {rule && <p className="quiet">{describeRule(rule)}</p>}
          </>
        );
      }}
      confirm={(requestId) =>
        progressions.triggerProgression({ userId, progressionId, liftId, force, reason }, under(requestId))
      }
    >
      <div>
        <label htmlFor={`${id}-rule`}>Rule</label>
        <select
          id={`${id}-rule`}
          required
          value={progressionId}
          onChange={({ target }) => setProgressionId(target.value)}
        >
          <option value="">Choose one</option>
          {ruleIds.map((each) => (
            <option key={each} value={each}>
              {names.rule(each)}
            </option>
          ))}
        </select>
      </div>
      <div>
        <label htmlFor={`${id}-lift`}>Lift</label>
        <select id={`${id}-lift`} value={liftId} onChange={({ target }) => setLiftId(target.value)}>
          <option value="">Every lift that it covers</option>
          {program.lifts.map((lift) => (
            <option key={lift.id} value={lift.id}>
              {lift.name}
            </option>
          ))}
        </select>
      </div>
      {mayForce && (
        <div className="check">
          <input
            id={`${id}-force`}
            type="checkbox"
            checked={force}
            onChange={({ target }) => setForce(target.checked)}
          />
          <label htmlFor={`${id}-force`}>Also when the latest event has its application already</label>
        </div>
      )}
      <ReasonInput value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
