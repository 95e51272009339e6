/** The limits of calls/, which apply to every method. */
export const CALL_LIMITS = {
  /** The default page size of lists; the contract has the maximum. */
  defaultPageSize: 50,
};
