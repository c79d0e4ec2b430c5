/** The version before another in a list that has the latest first. Numbers have gaps: one counter serves all tenants. */
export function before(list: { version: number }[], version: number): number | undefined {
  return list.find((v) => v.version < version)?.version;
}
