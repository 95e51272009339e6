/** The built-in catalogue: a closed table of well-known programs that every account can copy and change. */
import { GREYSKULL_LP } from './greyskull-lp.ts';
import { GZCLP } from './gzclp.ts';
import { MADCOW_5X5 } from './madcow-5x5.ts';
import { NSUNS_531_LP } from './nsuns-531-lp.ts';
import { NUCKOLS_HIGH_FREQUENCY } from './nuckols-high-frequency.ts';
import type { CatalogProgram } from './program.ts';
import { REDDIT_PPL } from './reddit-ppl.ts';
import { SHEIKO } from './sheiko.ts';
import { STARTING_STRENGTH } from './starting-strength.ts';
import { STRONGLIFTS_5X5 } from './stronglifts-5x5.ts';
import { TEXAS_METHOD } from './texas-method.ts';
import { WENDLER_531_BBB } from './wendler-531.ts';

export const CATALOG_PROGRAMS: readonly CatalogProgram[] = [
  ...STARTING_STRENGTH,
  ...STRONGLIFTS_5X5,
  ...MADCOW_5X5,
  ...TEXAS_METHOD,
  ...WENDLER_531_BBB,
  ...GZCLP,
  ...GREYSKULL_LP,
  ...NSUNS_531_LP,
  ...NUCKOLS_HIGH_FREQUENCY,
  ...REDDIT_PPL,
  ...SHEIKO,
];
