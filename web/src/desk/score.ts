interface Range {
  rangeFrom: number;
  rangeTo: number;
}

/** A score as somebody writes it, with a comma or a point; nothing for what lies outside of the form. */
export function scoreOf(text: string, range: Range): number | undefined {
  const plain = text.trim().replace(',', '.');
  if (!/^-?\d+(\.\d+)?$/.test(plain)) return undefined;
  const score = Number(plain);
  return score >= range.rangeFrom && score <= range.rangeTo ? score : undefined;
}
