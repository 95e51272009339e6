/** Times that clocks show again and again, whatever the zone. */

/** Wall times are seconds since 1970 as if the clocks were those of UTC. */
export interface WallTicks {
  /** The first after this one; undefined: there is none any more. */
  after(wallSeconds: number): number | undefined;
}
