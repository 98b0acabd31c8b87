/** Computes once for each distinct argument, compared by its JSON. */
export function memoized<A, T>(compute: (argument: A) => T): (argument: A) => T {
  const results = new Map<string, T>();
  return (argument) => {
    const key = JSON.stringify(argument);
    if (!results.has(key)) results.set(key, compute(argument));
    return results.get(key) as T;
  };
}
