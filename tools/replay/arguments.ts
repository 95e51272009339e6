/** The command line of the command replay. */
import { parseArgs } from 'node:util';
import type { DateOrder, WeightUnit } from '../../src/training-logs/training-log.ts';
import { ReplayError } from './refusal.ts';

export const USAGE = `usage: npm run replay -- FILE [--url URL [--token-file FILE]] [--program SLUG] [--units kg|lb]
                      [--dates day-first|month-first] [--mapping FILE] [--dry-run]

Replays a training log as the schedule service would report it: LogSets and HandleSessionComplete for each session,
HandleWeekAdvance and HandleCycleComplete after as many sessions as the program's weeks and cycles have. Shows what
the service prescribed beside what was lifted.

  FILE            a table in UTF-8 or UTF-16, with commas, semicolons or tabs: a StrongLifts log (date, lift,
                  set_number, weight_lb, target_reps, reps_performed), or an export of Strong (in English, French,
                  German or Spanish), Hevy, FitNotes, Fitbod, JEFIT or the StrongLifts app
  --url URL       the service to call; without it, one of its own that is gone afterwards
  --token-file FILE
                  a file with the token to call that service with, as npm run token writes it
  --program SLUG  a program of the account or of the catalogue; without it stronglifts-5x5-lb or -kg for logs of
                  StrongLifts, and for others the program of the catalogue that trains most of their rows
  --units kg|lb   the unit of the weights, where the file does not say it, or says both
  --dates day-first|month-first
                  the order in dates such as 03/04/2024, where no date of the file shows it
  --mapping FILE  a table with the columns exercise and lift: which exercise is which lift of the program; an empty
                  lift leaves the exercise out
  --dry-run       shows what would be replayed, and writes nothing

The athlete is known by the log's content and the program: a second run changes nothing and says so, one that was cut
short goes on, and a longer log of the same athlete adds only what is new. Each lift's training max starts at the
heaviest work set of its first session. Most logs have no targets: there, what was performed was the target, and no set
is a miss; a session can still miss the volume of a program that judges by volume. They have no AMRAP sets either: on
programs with rules for them, each session's last heaviest work set of a lift is one. Drop sets and sets to failure are
work sets. Dates have no zone: they are taken as UTC, days without a time as noon. Weights are never converted, and a
weight of 0 is none. Rows that cannot be used are counted and named.
`;

export interface ReplayArguments {
  readonly file: string;
  readonly url: string | undefined;
  readonly tokenFile: string | undefined;
  readonly programSlug: string | undefined;
  readonly unit: WeightUnit | null;
  readonly dateOrder: DateOrder | null;
  readonly mappingFile: string | undefined;
  readonly isDryRun: boolean;
}

const UNITS: ReadonlyMap<string, WeightUnit> = new Map([
  ['kg', 'kg'],
  ['lb', 'lb'],
]);

const DATE_ORDERS: ReadonlyMap<string, DateOrder> = new Map([
  ['day-first', 'DAY_FIRST'],
  ['month-first', 'MONTH_FIRST'],
]);

/** Undefined when help was requested. Throws ReplayError. */
export function readArguments(args: string[]): ReplayArguments | undefined {
  const string = { type: 'string' } as const;
  const options = {
    url: string,
    'token-file': string,
    program: string,
    units: string,
    dates: string,
    mapping: string,
    'dry-run': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const [file, ...more] = positionals;
    const { help, url, 'token-file': tokenFile, program: programSlug, mapping: mappingFile } = values;
    if (help) {
      return undefined;
    }
    if (file === undefined || more.length > 0) {
      throw new ReplayError('name one file; --help says more');
    }
    if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      throw new ReplayError(`--url takes an address such as http://localhost:8080, not "${url}"`);
    }
    if (tokenFile !== undefined && url === undefined) {
      throw new ReplayError('--token-file goes with --url; a temporary service needs no token');
    }
    const unit = choose('--units', UNITS, values.units);
    const dateOrder = choose('--dates', DATE_ORDERS, values.dates);
    const isDryRun = values['dry-run'] ?? false;
    return { file, url, tokenFile, programSlug, unit, dateOrder, mappingFile, isDryRun };
  } catch (error) {
    throw error instanceof TypeError ? new ReplayError(error.message) : error;
  }
}

function choose<T>(option: string, choices: ReadonlyMap<string, T>, text: string | undefined): T | null {
  const chosen = text === undefined ? null : choices.get(text);
  if (chosen === undefined) {
    throw new ReplayError(`${option} takes ${[...choices.keys()].join(' or ')}, not "${text}"`);
  }
  return chosen;
}
