/** A path such as `/signals/:id`; a `*` at its end takes what follows. */
export type Pattern = `/${string}`;

export type Parameters = Readonly<Record<string, string>>;

/** What a path holds where it goes with the pattern; nothing where it does not. */
export function match(pattern: Pattern, path: string): Parameters | undefined {
  const wanted = parts(pattern);
  const given = parts(path);
  const found: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    if (part === '*') return { ...found, rest: given.slice(at).join('/') };
    const value = given[at];
    if (value === undefined) return undefined;
    if (part.startsWith(':')) {
      const text = decoded(value);
      if (text === undefined) return undefined;
      found[part.slice(1)] = text;
    } else if (part !== value) return undefined;
  }
  return given.length === wanted.length ? found : undefined;
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
