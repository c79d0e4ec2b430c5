// Which tenant the screens are about, and the way to another. It searches on the server: there may be a hundred thousand.
import { ActionIcon, Button, Combobox, Group, Text, Tooltip, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconChevronDown, IconStar, IconStarFilled } from "@tabler/icons-react";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../api/client";
import { useTenant } from "../settings/draft";
import { favourites, isFavourite, recent, toggleFavourite } from "./favourites";

export function TenantSwitcher() {
  const { slug } = useParams({ strict: false });
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [, again] = useState(0);
  const [q] = useDebouncedValue(typed, 150);
  const box = useCombobox({
    onDropdownOpen: () => box.focusSearchInput(),
    onDropdownClose: () => {
      box.resetSelectedOption();
      setTyped("");
    },
  });
  const found = api.useQuery(
    "get",
    "/admin/v1/tenants",
    { params: { query: { limit: 20, ...(q ? { q } : {}) } } },
    { enabled: box.dropdownOpened },
  );
  // The frame of the tenant's screens reads it; here it is only looked at.
  const tenant = useTenant(slug ?? "", false);
  const name = tenant.data?.name ?? recent().find((t) => t.slug === slug)?.name ?? slug;
  const near = q ? [] : [...favourites(), ...recent().filter((t) => !isFavourite(t.slug))];
  const rest = (found.data?.items ?? []).filter((t) => !near.some((n) => n.slug === t.slug));
  const option = (t: { slug: string; name: string }) => (
    <Combobox.Option key={t.slug} value={t.slug} active={t.slug === slug}>
      <Group gap={6} wrap="nowrap">
        <Text size="sm" truncate className="foreign">
          {t.name}
        </Text>
        <Text size="xs" c="dimmed" className="code">
          {t.slug}
        </Text>
      </Group>
    </Combobox.Option>
  );
  return (
    <Group gap={4} wrap="nowrap" miw={0}>
      <Combobox
        store={box}
        width={320}
        position="bottom-start"
        onOptionSubmit={(to) => {
          box.closeDropdown();
          void navigate({ to: to === "" ? "/" : `/tenants/${to}` });
        }}
      >
        <Combobox.Target targetType="button">
          <Button
            variant="default"
            onClick={() => box.toggleDropdown()}
            rightSection={<IconChevronDown size={14} />}
            miw={0}
            maw={{ base: 140, xs: 240 }}
            aria-label={`Tenant: ${name ?? "all tenants"}`}
          >
            <Text size="sm" truncate className="foreign">
              {name ?? "All tenants"}
            </Text>
          </Button>
        </Combobox.Target>
        <Combobox.Dropdown>
          <Combobox.Search
            value={typed}
            onChange={(e) => setTyped(e.currentTarget.value)}
            placeholder="Slug, name or host"
            aria-label="Search tenants"
          />
          <Combobox.Options mah={320} style={{ overflowY: "auto" }}>
            {slug !== undefined && q === "" && <Combobox.Option value="">All tenants</Combobox.Option>}
            {near.length > 0 && <Combobox.Group label="At hand">{near.map(option)}</Combobox.Group>}
            {rest.length > 0 && <Combobox.Group label={q ? "Found" : "All"}>{rest.map(option)}</Combobox.Group>}
            {found.data && near.length + rest.length === 0 && (
              <Combobox.Empty>No tenant begins with that</Combobox.Empty>
            )}
            {found.data?.next_cursor && <Combobox.Footer>Type more to narrow it down</Combobox.Footer>}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {slug !== undefined && (
        <Tooltip label={isFavourite(slug) ? "Remove from the favourites" : "Keep among the favourites"}>
          <ActionIcon
            variant="subtle"
            color="gray"
            visibleFrom="xs"
            aria-pressed={isFavourite(slug)}
            aria-label="Favourite"
            onClick={() => {
              toggleFavourite(slug, name ?? slug);
              again((n) => n + 1);
            }}
          >
            {isFavourite(slug) ? <IconStarFilled size={16} /> : <IconStar size={16} />}
          </ActionIcon>
        </Tooltip>
      )}
    </Group>
  );
}
