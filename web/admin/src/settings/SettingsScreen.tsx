// The frame of the screens that change a tenant's settings: it loads the tenant and the schema, keeps a draft, has it checked, and saves it.

import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Loaded } from "../parts/Loaded";
import { Notice } from "../parts/Notice";
import { Page } from "../parts/Page";
import { type Line, sh } from "../parts/sh";
import { useMay } from "../session/me";
import { type Checked, useChecked } from "./checked";
import { type Draft, type Tenant, useDraft, useTenant } from "./draft";
import { SaveBar } from "./SaveBar";
import { useSchema } from "./schema";

export interface SettingsScreenProps {
  title: string;
  lead: ReactNode;
  actions?: ReactNode;
  commands?: (slug: string) => Line[];
  /** Whether what front ends would be told is wanted before anything is changed, too. */
  preview?: boolean;
  children: (draft: Draft, readOnly: boolean, checked: Checked) => ReactNode;
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
      commands={props.commands?.(slug ?? "") ?? [sh`admin tenant show ${slug}`]}
    >
      <Loaded query={query}>
        {(tenant) => <Loaded query={schema}>{() => <Form key={tenant.id} tenant={tenant} screen={props} />}</Loaded>}
      </Loaded>
    </Page>
  );
}

function Form({ tenant, screen }: { tenant: Tenant; screen: SettingsScreenProps }) {
  const kept = useDraft(tenant);
  const checked = useChecked(kept.slug, kept.base, kept.mine, screen.preview ?? false);
  const readOnly = !useMay()("tenants.change");
  const draft = { ...kept, faults: { ...checked.faults, ...kept.faults } };
  return (
    <>
      {readOnly && (
        <Notice kind="info">Your role can see these settings. Changing them takes one that may change tenants.</Notice>
      )}
      {screen.children(draft, readOnly, checked)}
      {!readOnly && <SaveBar draft={draft} />}
    </>
  );
}
