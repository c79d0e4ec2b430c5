// The frame of the screens that change a tenant's settings: it loads the tenant and the schema, keeps a draft, and saves it.
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { useMay } from "../session/me";
import { type Draft, type Tenant, useDraft, useTenant } from "./draft";
import { SaveBar } from "./SaveBar";
import { useSchema } from "./schema";

export interface SettingsScreenProps {
  title: string;
  lead: ReactNode;
  actions?: ReactNode;
  commands?: (slug: string) => string[];
  children: (draft: Draft, readOnly: boolean) => ReactNode;
}

export function SettingsScreen(props: SettingsScreenProps) {
  const { slug } = useParams({ strict: false });
  const query = useTenant(slug ?? "");
  const schema = useSchema();
  return (
    <Page
      title={props.title}
      tab={`${props.title} · ${query.data?.name ?? slug}`}
      lead={props.lead}
      actions={props.actions}
      commands={props.commands?.(slug ?? "") ?? [`admin tenant show ${slug}`]}
    >
      <Loaded query={query}>
        {(tenant) => <Loaded query={schema}>{() => <Form key={tenant.id} tenant={tenant} screen={props} />}</Loaded>}
      </Loaded>
    </Page>
  );
}

function Form({ tenant, screen }: { tenant: Tenant; screen: SettingsScreenProps }) {
  const draft = useDraft(tenant);
  const readOnly = !useMay()("tenants.change");
  return (
    <>
      {screen.children(draft, readOnly)}
      {!readOnly && <SaveBar draft={draft} />}
    </>
  );
}
