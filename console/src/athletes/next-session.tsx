/** What to lift next. */
import { useQuery } from '@connectrpc/connect-query';
import { SetKind } from '../../../src/gen/progression/v1/common_pb.ts';
import type { WeightUnit } from '../../../src/gen/progression/v1/program_service_pb.ts';
import {
  type PrescribedSet,
  PrescriptionGap,
  ProgressionService,
} from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { Nothing } from '../parts/states.tsx';
import { dayName, formatWeight, type ShownUnit } from '../words/formats.ts';
import type { Names } from '../words/names.ts';

/** Of an athlete who follows a program. */
export function NextSession({ userId, names, shown }: { userId: string; names: Names; shown: ShownUnit }) {
  const next = useQuery(ProgressionService.method.prescribeSession, { userId });
  if (!next.data?.daySlug) {
    return null;
  }
  const { daySlug, weekNumber, unit, sets, unprescribedLiftIds } = next.data;
  const byLift = Map.groupBy(sets, ({ liftId }) => liftId);
  return (
    <section className="panel">
      <h2>
        Next: {dayName(daySlug)} <span className="quiet">week {weekNumber}</span>
      </h2>
      <ul className="plain">
        {[...byLift].map(([liftId, ofLift]) => (
          <li key={liftId}>
            <strong>{names.lift(liftId)}</strong>
            <br />
            {groupsOf(ofLift, unit, shown).join(', ')}
          </li>
        ))}
      </ul>
      {unprescribedLiftIds.length > 0 && (
        <Nothing>Not prescribed: {unprescribedLiftIds.map((id) => names.lift(id)).join(', ')}</Nothing>
      )}
    </section>
  );
}

/** `5 × 5 at 100 kg`; sets that are alike stand together. */
function groupsOf(sets: readonly PrescribedSet[], unit: WeightUnit, shown: ShownUnit): string[] {
  const alike = Map.groupBy(sets, (set) => `${repsOf(set)} ${loadOf(set, unit, shown)}`);
  return [...alike].map(([words, group]) => `${group.length} × ${words}`);
}

function repsOf({ targetReps, maxReps, kind }: PrescribedSet): string {
  return `${targetReps}${maxReps > 0 ? `–${maxReps}` : ''}${kind === SetKind.AMRAP ? '+' : ''}`;
}

function loadOf({ load, rpe, gap }: PrescribedSet, unit: WeightUnit, shown: ShownUnit): string {
  if (load !== '') {
    return `at ${formatWeight(load, unit, shown)}`;
  }
  switch (gap) {
    case PrescriptionGap.NO_CURRENT_MAX:
      return 'at a load that needs a max';
    case PrescriptionGap.UNIT_MISMATCH:
      return 'at a load in another unit';
    case PrescriptionGap.NO_STAGE:
      return 'at a load that needs a stage';
    default:
      return rpe ? `at RPE ${rpe}` : 'by feel';
  }
}
