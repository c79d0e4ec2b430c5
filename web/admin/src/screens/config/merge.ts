// Two people changed the same text: what does not touch each other is put together, line by line; for the rest, somebody chooses.

/** Lines that are settled, or that both changed and not alike. */
type Piece = { lines: string[] } | { base: string[]; mine: string[]; theirs: string[] };

const mostCells = 4_000_000;

/** For each line of a, the line of b that it is, or -1: a longest common subsequence. */
export function matches(a: string[], b: string[]): Int32Array {
  const found = new Int32Array(a.length).fill(-1);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) {
    found[start] = start;
    start++;
  }
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
    found[endA] = endB;
  }
  const [n, m] = [endA - start, endB - start];
  if (n * m > mostCells) {
    return found; // as good as rewritten: no line in between is taken for another
  }
  const width = m + 1;
  const longest = new Uint32Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      longest[i * width + j] =
        a[start + i] === b[start + j]
          ? (longest[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(longest[(i + 1) * width + j] ?? 0, longest[i * width + j + 1] ?? 0);
    }
  }
  for (let i = 0, j = 0; i < n && j < m; ) {
    if (a[start + i] === b[start + j]) {
      found[start + i] = start + j;
      i++;
      j++;
    } else if ((longest[(i + 1) * width + j] ?? 0) >= (longest[i * width + j + 1] ?? 0)) {
      i++;
    } else {
      j++;
    }
  }
  return found;
}

const alike = (a: string[], b: string[]) => a.length === b.length && a.every((line, i) => line === b[i]);

/** Puts my text and theirs together, both made from base. */
export function merge(base: string, mine: string, theirs: string): Piece[] {
  const [b, m, t] = [base.split("\n"), mine.split("\n"), theirs.split("\n")];
  const [toMine, toTheirs] = [matches(b, m), matches(b, t)];
  const pieces: Piece[] = [];
  const settle = (lines: string[]) => {
    const last = pieces.at(-1);
    if (lines.length === 0) {
      return;
    }
    if (last && "lines" in last) {
      last.lines.push(...lines);
    } else {
      pieces.push({ lines: [...lines] });
    }
  };
  let [i, j, k] = [0, 0, 0];
  const region = (endB: number, endM: number, endT: number) => {
    const [was, ours, others] = [b.slice(i, endB), m.slice(j, endM), t.slice(k, endT)];
    if (alike(was, ours)) {
      settle(others);
    } else if (alike(was, others) || alike(ours, others)) {
      settle(ours);
    } else {
      pieces.push({ base: was, mine: ours, theirs: others });
    }
  };
  for (let at = 0; at < b.length; at++) {
    const [inMine, inTheirs] = [toMine[at] ?? -1, toTheirs[at] ?? -1];
    if (inMine >= 0 && inTheirs >= 0) {
      region(at, inMine, inTheirs);
      settle([b[at] ?? ""]);
      [i, j, k] = [at + 1, inMine + 1, inTheirs + 1];
    }
  }
  region(b.length, m.length, t.length);
  return pieces;
}

/** The text of the pieces, with what was chosen for each that both changed. */
export function settled(pieces: Piece[], chosen: (index: number) => "mine" | "theirs"): string {
  return pieces.flatMap((p, i) => ("lines" in p ? p.lines : p[chosen(i)])).join("\n");
}
