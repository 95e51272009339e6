/** What a screen shows of a list is in its address, so that a reload and the way back show the same. */

/** The parameters with one set, or without it for an empty value. */
export function withParameter(parameters: URLSearchParams, name: string, value: string): URLSearchParams {
  const next = new URLSearchParams(parameters);
  if (value === '') {
    next.delete(name);
  } else {
    next.set(name, value);
  }
  return next;
}
