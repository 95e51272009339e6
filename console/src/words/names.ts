/** The names of lifts, rules and programs by their ids: answers of the service have the ids. */
import { useQuery } from '@tanstack/react-query';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import type { Lift, Program, Progression } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { programs } from '../calls/clients.ts';
import { readEveryPage } from '../calls/every-page.ts';

export interface Names {
  lift(id: string): string;
  rule(id: string): string;
  program(id: string): string;
  readonly lifts: ReadonlyMap<string, Lift>;
  readonly rules: ReadonlyMap<string, Progression>;
  readonly programs: ReadonlyMap<string, Program>;
}

const NO_NAMES = createNames([], [], []);

/** Names that are not known yet, or of what has been deleted since, are the beginnings of the ids. */
export function useNames(): Names {
  const { data } = useQuery({
    queryKey: ['names'],
    staleTime: 60_000,
    async queryFn({ signal }) {
      const [lifts, rules, all] = await Promise.all([
        readEveryPage((page) => programs.listLifts(page, { signal })),
        readEveryPage((page) => programs.listProgressions(page, { signal })),
        readEveryPage((page) => programs.listPrograms(page, { signal })),
      ]);
      return createNames(
        lifts.pages.flatMap((page) => page.lifts),
        rules.pages.flatMap((page) => page.progressions),
        all.pages.flatMap((page) => page.programs),
      );
    },
  });
  return data ?? NO_NAMES;
}

function createNames(
  lifts: readonly Lift[],
  rules: readonly Progression[],
  allPrograms: readonly Program[],
): Names {
  const byId = {
    lifts: new Map(lifts.map((lift) => [lift.id, lift])),
    rules: new Map(rules.map((rule) => [rule.id, rule])),
    programs: new Map(allPrograms.map((program) => [program.id, program])),
  };
  return {
    ...byId,
    lift: (id) => byId.lifts.get(id)?.name ?? shortId(id),
    rule: (id) => byId.rules.get(id)?.name ?? shortId(id),
    program: (id) => byId.programs.get(id)?.name ?? shortId(id),
  };
}

export function shortId(id: string): string {
  return id.slice(0, 8);
}

export const MAX_TYPE_NAMES: Readonly<Record<MaxType, string>> = {
  [MaxType.UNSPECIFIED]: 'max',
  [MaxType.ONE_RM]: '1RM',
  [MaxType.TRAINING_MAX]: 'training max',
  [MaxType.ESTIMATED_ONE_RM]: 'estimated 1RM',
};
