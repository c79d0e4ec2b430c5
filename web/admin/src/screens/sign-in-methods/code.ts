// The shape of codes that people type, as the server makes them.

export interface Format {
  numeric: boolean;
  dashed: boolean;
  length: number;
}

/** What a format comes to: what one leaves out is not taken from another. */
export function formatOf(given: unknown): Format {
  const f = (given ?? {}) as Partial<Format>;
  const numeric = f.numeric === true;
  return { numeric, dashed: f.dashed !== false, length: f.length ?? (numeric ? 9 : 8) };
}

/** A code of that shape, the same each time. */
export function exampleCode({ numeric, dashed, length }: Format): string {
  const letters = numeric ? "4071936825" : "BKDWRTLMQXVZ";
  const code = Array.from({ length }, (_, i) => letters[i % letters.length]).join("");
  const middle = Math.floor(length / 2);
  return dashed ? `${code.slice(0, middle)}-${code.slice(middle)}` : code;
}
