// Lines for a shell. Names, filters and ids in them may come from a link that somebody else made, and the line is copied into the terminal
// of an operator: a value is one word there, whatever it is, and never a flag.

/** A line for a shell, or a part of one. Only sh makes them, so that there is no line with a value in it that is not quoted. */
export class Line {
  private constructor(
    private readonly said: string,
    /** Words that begin with a dash and are no flag: they come last, where they cannot be taken for one. */
    private readonly last: readonly string[],
  ) {}

  toString(): string {
    return [this.said, ...(this.last.length > 0 ? ["--", ...this.last] : [])].filter((part) => part !== "").join(" ");
  }

  static of(text: TemplateStringsArray, values: readonly Value[]): Line {
    let said = text[0] ?? "";
    const last: string[] = [];
    values.forEach((value, i) => {
      let next = text[i + 1] ?? "";
      if (typeof value === "string" || typeof value === "number") {
        const one = seen(String(value));
        const begins = /(^|\s)$/.test(said) && one.startsWith("-");
        if (begins && /(^|\s)--?[A-Za-z][\w-]*\s$/.test(said)) {
          said = `${said.slice(0, -1)}=${word(one)}`;
        } else if (begins && !/[<>]\s*$/.test(said)) {
          const rest = /^\S*/.exec(next)?.[0] ?? "";
          last.push(word(one) + rest);
          said = said.trimEnd();
          next = next.slice(rest.length);
        } else {
          said += word(one);
        }
      } else {
        const parts = (value instanceof Line ? [value] : Array.isArray(value) ? value : []).filter(
          (p) => p !== undefined,
        );
        const joined = parts
          .map((part: Line) => part.said)
          .filter((part) => part !== "")
          .join(" ");
        said = joined === "" ? said.trimEnd() : said + joined;
        last.push(...parts.flatMap((part: Line) => part.last));
      }
      said += said === "" ? next.trimStart() : next;
    });
    return new Line(said, last);
  }
}

/** What may stand in a line: a value, which becomes a word; other parts of lines, one after another; undefined for nothing. */
type Value = string | number | Line | readonly (Line | undefined)[] | undefined;

/** Makes a line: sh`admin mail log --tenant ${slug} ${state ? sh`--state ${state}` : undefined}`. */
export function sh(text: TemplateStringsArray, ...values: Value[]): Line {
  return Line.of(text, values);
}

// What a terminal acts upon by itself, or what has a line look otherwise than it runs: control characters, and marks of direction.
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const seen = (value: string): string => value.replaceAll(/[\t\r\n]+/g, " ").replaceAll(unseen, "");

/** A value as a shell takes it as one word. */
const word = (value: string): string =>
  /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
