/** How rules of the program stand otherwise for an athlete, and a rule applied by hand. */
import { useMutation, useQuery } from '@connectrpc/connect-query';
import { useState } from 'react';
import {
  type EnrollmentOverride,
  type Program,
  ProgramService,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { SetOverride } from '../actions/set-override.tsx';
import { TriggerRule } from '../actions/trigger-rule.tsx';
import { useMay } from '../calls/permissions.ts';
import { queryClient } from '../calls/transport.ts';
import { Answer, Nothing, Problem } from '../parts/states.tsx';
import { formatDay } from '../words/formats.ts';
import type { Names } from '../words/names.ts';

interface OverridesProps {
  readonly userId: string;
  readonly program: Program;
  readonly names: Names;
}

export function Overrides({ userId, program, names }: OverridesProps) {
  const overrides = useQuery(ProgramService.method.listEnrollmentOverrides, { userId, pageSize: 500 });
  const rows = useQuery(ProgramService.method.listProgramProgressions, {
    programId: program.id,
    pageSize: 500,
  });
  const [open, setOpen] = useState<'override' | 'trigger'>();
  const mayOverride = useMay(ProgramService.method.setEnrollmentOverride);
  const mayTrigger = useMay(ProgressionService.method.triggerProgression);
  const remove = useMutation(ProgramService.method.deleteEnrollmentOverride, {
    onSuccess: () => queryClient.invalidateQueries(),
  });
  const known = rows.data?.programProgressions ?? [];
  const dialog = { userId, program, names, rows: known, onClose: () => setOpen(undefined) };
  return (
    <section className="panel">
      <h2>Rules for this athlete</h2>
      <Answer query={overrides}>
        {({ enrollmentOverrides }) =>
          enrollmentOverrides.length === 0 ? (
            <Nothing>As in the program.</Nothing>
          ) : (
            <ul className="plain">
              {enrollmentOverrides.map((each) => (
                <li key={each.id}>
                  {names.rule(known.find(({ id }) => id === each.programProgressionId)?.progressionId ?? '')},{' '}
                  {each.liftId ? names.lift(each.liftId) : 'every lift'}: {describeOverride(each)}
                  <br />
                  <span className="quiet">
                    {each.reason && `“${each.reason}”`}{' '}
                    {each.expiresAt && `until ${formatDay(each.expiresAt)}`}
                  </span>{' '}
                  {mayOverride && (
                    <button
                      type="button"
                      className="link"
                      disabled={remove.isPending}
                      onClick={() => remove.mutate({ userId, overrideId: each.id })}
                    >
                      Remove
                    </button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
      {remove.error && <Problem error={remove.error} />}
      <p className="send">
        {mayOverride && (
          <button type="button" className="link" onClick={() => setOpen('override')}>
            Override …
          </button>
        )}
        {mayTrigger && (
          <button type="button" className="link" onClick={() => setOpen('trigger')}>
            Apply a rule …
          </button>
        )}
      </p>
      {open === 'override' && <SetOverride {...dialog} />}
      {open === 'trigger' && <TriggerRule {...dialog} />}
    </section>
  );
}

function describeOverride({ off, increment, minValue, maxValue }: EnrollmentOverride): string {
  const values = [
    ...(off ? ['does not apply'] : []),
    ...(increment ? [`increment ${increment}`] : []),
    ...(minValue ? [`not below ${minValue}`] : []),
    ...(maxValue ? [`not above ${maxValue}`] : []),
  ];
  return values.join(', ');
}
