/** How far a name may be from the point it belongs to, and what it needs for itself. */
export interface Room {
  /** From the middle of a name to the middle of the next, and to the end of a line. */
  between: number;
  beside: number;
  /** Where the drawing begins and ends, from above. */
  top: number;
  bottom: number;
}

/** The middles of the names of lines that end at these heights: each as near to its end as it can be, above
 * it if that is as near, and none on another nor on an end. */
export function placed(ends: readonly number[], { between, beside, top, bottom }: Room): number[] {
  const places = ends.map(() => 0);
  const taken: number[] = [];
  const isFree = (middle: number): boolean =>
    middle >= top + between / 2 &&
    middle <= bottom - between / 2 &&
    taken.every((other) => Math.abs(other - middle) >= between) &&
    ends.every((end) => Math.abs(end - middle) >= beside);
  const fromBelow = ends.map((end, line) => ({ end, line })).sort((one, other) => other.end - one.end || one.line - other.line);
  for (const { end, line } of fromBelow) {
    const near = (middle: number): number => Math.abs(middle - end);
    const around = [...ends.flatMap((one) => [one - beside, one + beside]), ...taken.flatMap((one) => [one - between, one + between])];
    const middle = around.filter(isFree).sort((one, other) => near(one) - near(other) || one - other)[0] ?? end - beside;
    taken.push(middle);
    places[line] = middle;
  }
  return places;
}
