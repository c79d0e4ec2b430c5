import { Loader, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { api } from "../api/client";

/** Chooses a tenant. It is searched for on the server: there may be a hundred thousand. */
export function TenantSelect(props: {
  label: string;
  value: string | null;
  onChange: (slug: string | null) => void;
  error?: string;
}) {
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 200);
  const found = api.useQuery(
    "get",
    "/admin/v1/tenants",
    { params: { query: { limit: 20, ...(q && q !== props.value ? { q } : {}) } } },
    { placeholderData: (before) => before },
  );
  const slugs = (found.data?.items ?? []).map((t) => ({ value: t.slug, label: t.slug, name: t.name }));
  if (props.value && !slugs.some((s) => s.value === props.value)) {
    slugs.unshift({ value: props.value, label: props.value, name: "" });
  }
  return (
    <Select
      label={props.label}
      placeholder="Slug, name or host"
      data={slugs}
      value={props.value}
      onChange={props.onChange}
      searchable
      onSearchChange={setTyped}
      filter={({ options }) => options}
      rightSection={found.isFetching ? <Loader size={14} /> : undefined}
      nothingFoundMessage={found.isFetching ? "Searching" : "No tenant begins with that"}
      renderOption={({ option }) => (
        <span className="foreign">
          <code className="code">{option.value}</code> {(option as unknown as { name: string }).name}
        </span>
      )}
      error={props.error}
      required
      withAsterisk={false}
    />
  );
}
