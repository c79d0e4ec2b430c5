const units = ["KiB", "MiB", "GiB", "TiB"];

/** A number of bytes as people say it: "1.5 MiB". */
export function bytes(n: number): string {
  if (n < 1024) {
    return `${n} byte${n === 1 ? "" : "s"}`;
  }
  let [value, unit] = [n / 1024, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toLocaleString("en", { maximumFractionDigits: 1 })} ${units[unit]}`;
}
