/**
 * Cuts a stream of token ids into windows of equal length, at most `count` of them. What is left at the end is a
 * shorter window when nothing else was yielded, and dropped otherwise.
 */
export async function* windowsOf(
  ids: Iterable<readonly number[]> | AsyncIterable<readonly number[]>,
  { size, count = Number.POSITIVE_INFINITY }: { readonly size: number; readonly count?: number },
): AsyncGenerator<readonly number[], void> {
  let rest: number[] = [];
  let yielded = 0;
  if (count <= 0) return;
  for await (const piece of ids) {
    rest = rest.concat(piece);
    let begin = 0;
    for (; begin + size <= rest.length; begin += size) {
      yield rest.slice(begin, begin + size);
      if (++yielded >= count) return;
    }
    rest = rest.slice(begin);
  }
  if (yielded === 0 && rest.length > 0) yield rest;
}
