/** The command line of the command replay. */
import { parseArgs } from 'node:util';
import { ReplayError } from './training-log.ts';

export const USAGE = `usage: npm run replay -- FILE [--url URL [--token-file FILE]] [--program SLUG]

Replays a training log as the schedule service would report it: LogSets and HandleSessionComplete for each session,
HandleWeekAdvance and HandleCycleComplete after as many sessions as the program's weeks and cycles have. Shows what
the service prescribed beside what was lifted.

  FILE            a StrongLifts log (date, lift, set_number, weight_lb, target_reps, reps_performed) or an export of
                  the Strong app (Date, Exercise Name, Set Order, Weight, Reps and others, commas or semicolons)
  --url URL       the service to call; without it, one of its own that is gone afterwards
  --token-file FILE
                  a file with the token to call that service with, as npm run token writes it
  --program SLUG  a program of the account or of the catalogue; without it stronglifts-5x5-lb for a StrongLifts log,
                  and for a Strong export the program of the catalogue that trains most of its rows

The athlete is new, and known again by the log's content and the program: a second run changes nothing and says so,
one that was cut short goes on. Each lift's training max starts at the heaviest work set of its first session.
Strong has no targets: there, what was performed was the target, and no set is a miss. It has no AMRAP sets either:
on programs with rules for them, each session's last heaviest work set of a lift is one. Drop sets and sets to
failure are work sets. Dates have no zone: they are taken as UTC, days without a time as noon.
Weights are never converted. Rows that cannot be used are counted and named.
`;

export interface ReplayArguments {
  readonly file: string;
  readonly url: string | undefined;
  readonly tokenFile: string | undefined;
  readonly programSlug: string | undefined;
}

/** Undefined when help was asked for. Throws ReplayError. */
export function readArguments(args: string[]): ReplayArguments | undefined {
  const string = { type: 'string' } as const;
  const options = {
    url: string,
    'token-file': string,
    program: string,
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const [file, ...more] = positionals;
    const { help, url, 'token-file': tokenFile, program: programSlug } = values;
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
      throw new ReplayError('--token-file goes with --url; a service of its own asks nobody');
    }
    return { file, url, tokenFile, programSlug };
  } catch (error) {
    throw error instanceof TypeError ? new ReplayError(error.message) : error;
  }
}
