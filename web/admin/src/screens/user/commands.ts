import { quoted } from "../../parts/Command";

export const tabs = ["overview", "ways", "sessions", "metadata", "history"] as const;
export type Tab = (typeof tabs)[number];

/** The commands that do what a tab does. */
export function commandsOf(tab: Tab, slug: string, id: string): string[] {
  const tenant = `--tenant ${quoted(slug)}`;
  switch (tab) {
    case "overview":
      return [
        `admin user show ${id} ${tenant}`,
        `admin user patch ${id} ${tenant} --name NAME --username USERNAME`,
        `admin user email add ${id} ADDRESS ${tenant}`,
        `admin user email verify ${id} ADDRESS ${tenant}`,
        `admin user phone set ${id} NUMBER ${tenant}`,
        `admin user deactivate ${id} ${tenant}`,
        `admin user delete ${id} ${tenant} --yes`,
        `admin user export ${id} ${tenant}`,
      ];
    case "ways":
      return [
        `admin user password ${id} ${tenant} --password-file -`,
        `admin user reset ${id} ${tenant}`,
        `admin user factors ${id} ${tenant}`,
        `admin user remove-factor ${id} --all ${tenant} --yes`,
        `admin user disconnect ${id} PROVIDER UID ${tenant} --yes`,
      ];
    case "sessions":
      return [`admin user sessions ${id} ${tenant}`, `admin user end-sessions ${id} ${tenant} --yes`];
    case "metadata":
      return [
        `admin user patch ${id} ${tenant} --metadata-public FILE`,
        `admin user patch ${id} ${tenant} --metadata-private FILE`,
      ];
    case "history":
      return [`admin audit list ${tenant} --user ${id}`];
  }
}
