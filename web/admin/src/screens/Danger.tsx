// What loses something for many, in one place, each with what it does said before.
import { useParams } from "@tanstack/react-router";
import { Loaded } from "../parts/Loaded";
import { NotForRole } from "../parts/NotForRole";
import { Page } from "../parts/Page";
import { sh } from "../parts/sh";
import { useMay } from "../session/me";
import { useTenant } from "../settings/draft";
import { Delete } from "./danger/Delete";
import { Export } from "./danger/Export";
import { LostKey } from "./danger/LostKey";
import { Suspend } from "./danger/Suspend";

export default function Danger() {
  const { slug = "" } = useParams({ strict: false });
  const may = useMay();
  const query = useTenant(slug);
  const own = slug === "system"; // the operators' own tenant cannot be suspended or deleted
  const suspend = may("tenants.suspend") && !own;
  const remove = may("tenants.delete") && !own;
  const commands = [
    ...(suspend
      ? [sh`admin tenant ${query.data?.state === "suspended" ? "resume" : "suspend"} ${slug} --note WHY`]
      : []),
    ...(may("tenants.export") ? [sh`admin user export --all --tenant ${slug} > ${slug}.ndjson`] : []),
    ...(may("keys.rotate") ? [sh`admin key rotate --tenant ${slug} --now`] : []),
    ...(may("keys.retire") ? [sh`admin key retire KID --tenant ${slug} --yes`] : []),
    ...(remove ? [sh`admin tenant delete ${slug} --yes`] : []),
  ];
  return (
    <Page
      title="Danger zone"
      tab={`Danger zone · ${query.data?.name ?? slug}`}
      lead="Each of these reaches everybody who has an account here. What it does is said before it is done."
      commands={commands}
    >
      <Loaded query={query}>
        {(tenant) => (
          <>
            {may("tenants.export") && <Export tenant={tenant} />}
            {suspend && <Suspend tenant={tenant} />}
            {may("keys.rotate") && may("keys.read") && <LostKey tenant={tenant} />}
            {remove && <Delete tenant={tenant} />}
            {commands.length === 0 && (
              <NotForRole>Administrators and owners suspend, export and delete tenants. Ask one of them.</NotForRole>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}
