/** What was read last is kept, up to a number of things: the memory of whoever reads in pieces. */

/** Values by number, each made when it is first asked for; the longest unused makes room. */
export function recent<T>(capacity: number, make: (index: number) => T): (index: number) => T {
  const kept = new Map<number, T>();
  return (index) => {
    const found = kept.get(index);
    const value = found ?? make(index);
    if (found !== undefined) kept.delete(index);
    else if (kept.size >= capacity) kept.delete(kept.keys().next().value!);
    kept.set(index, value);
    return value;
  };
}
