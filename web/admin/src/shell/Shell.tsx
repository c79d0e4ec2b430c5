// The frame around every screen of somebody who is signed in: menu, tenant switcher, command palette, account.
import {
  ActionIcon,
  Affix,
  AppShell,
  Badge,
  Burger,
  Button,
  Group,
  Menu,
  NavLink,
  ScrollArea,
  Text,
  Tooltip,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure, useNetwork } from "@mantine/hooks";
import { IconMoon, IconSearch, IconSun, IconUserCircle } from "@tabler/icons-react";
import { Link, Outlet, useLocation, useParams } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { environment } from "../api/client";
import { gate, queries } from "../api/queries";
import { Loaded } from "../parts/Loaded";
import { NotForRole } from "../parts/NotForRole";
import { Notice } from "../parts/Notice";
import { Page } from "../parts/Page";
import { failed } from "../parts/tell";
import { leave } from "../session/leave";
import { useMe, useSomebodyElse } from "../session/me";
import { onAnnounced, part } from "../session/presence";
import { Mark } from "./Mark";
import { ofTenant, open, type Place, placeAt, platform } from "./menu";
import { openPalette, Palette } from "./Palette";
import { TenantSwitcher } from "./TenantSwitcher";

export function Shell() {
  useEffect(() => onAnnounced(() => void queries.invalidateQueries()), []);
  return useSomebodyElse() ? <Anew /> : <Frame />;
}

/** Begins the page again, for somebody else than who opened it. What was open there is gone before, so that nothing asks to be kept. */
function Anew() {
  useEffect(() => {
    part();
    location.reload();
  }, []);
  return null;
}

function Frame() {
  const [opened, menu] = useDisclosure(false);
  const me = useMe();
  const { slug } = useParams({ strict: false });
  const { pathname } = useLocation();
  const { online } = useNetwork();
  const place = placeAt(pathname, slug);
  // The overview leads those elsewhere who have no platform to look at.
  const closed = place?.speaks || place?.to === "/" ? undefined : place;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new place closes the menu, and reading goes on at its beginning
  useEffect(() => {
    menu.close();
    if (!first.current) {
      main.current?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [pathname]);
  const link = (place: Place, within?: string) =>
    open(place, me.data, within) && (
      <NavLink
        key={place.to}
        component={Link}
        to={place.to}
        label={place.label}
        leftSection={<place.icon size={18} stroke={1.7} aria-hidden />}
        activeOptions={{ exact: place.alone ?? false }}
      />
    );
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it goes to a place, and the reading with it */}
      <a
        className="skip"
        href="#main"
        onClick={(e) => {
          e.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <AppShell
        header={{ height: 56 }}
        navbar={{ width: 256, breakpoint: "sm", collapsed: { mobile: !opened } }}
        padding="lg"
        transitionDuration={0}
      >
        <AppShell.Header>
          <Group h="100%" px="md" gap="sm" wrap="nowrap" justify="space-between">
            <Group gap="sm" wrap="nowrap" miw={0}>
              <Burger
                opened={opened}
                onClick={menu.toggle}
                hiddenFrom="sm"
                size="sm"
                aria-label={opened ? "Close the menu" : "Open the menu"}
              />
              <Mark />
              <TenantSwitcher />
            </Group>
            <Group gap="xs" wrap="nowrap">
              <Button
                variant="default"
                leftSection={<IconSearch size={16} />}
                onClick={openPalette}
                visibleFrom="sm"
                rightSection={<kbd>Ctrl K</kbd>}
              >
                Go to…
              </Button>
              <ActionIcon variant="default" size="lg" onClick={openPalette} hiddenFrom="sm" aria-label="Go to…">
                <IconSearch size={18} />
              </ActionIcon>
              {environment && (
                <Badge color={environment === "production" ? "red.9" : "blue.9"} variant="filled" visibleFrom="md">
                  {environment}
                </Badge>
              )}
              <Scheme />
              <Account name={me.data?.name ?? ""} />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar aria-label="Menu">
          <ScrollArea type="auto" scrollbarSize={6} p="xs" flex={1} viewportProps={{ tabIndex: -1 }}>
            {slug === undefined
              ? platform.map((place) => link(place))
              : ofTenant(slug)
                  .filter((group) => group.places.some((place) => open(place, me.data, slug)))
                  .map((group) => (
                    <div key={group.label}>
                      <Text size="xs" c="dimmed" fw={600} px="sm" pt="sm" pb={4}>
                        {group.label}
                      </Text>
                      {group.places.map((place) => link(place, slug))}
                    </div>
                  ))}
          </ScrollArea>
        </AppShell.Navbar>
        <AppShell.Main ref={main} id="main" tabIndex={-1}>
          {!online && (
            <Affix position={{ bottom: 12, left: 12 }} withinPortal={false}>
              <Notice kind="warning" live>
                You are offline. What you see may be old, and nothing can be saved.
              </Notice>
            </Affix>
          )}
          <Loaded query={me} lines={10}>
            {(known) =>
              closed && !open(closed, known, slug) ? (
                <Page title={closed.label}>
                  <NotForRole />
                </Page>
              ) : (
                <Outlet />
              )
            }
          </Loaded>
        </AppShell.Main>
      </AppShell>
      <Palette />
    </>
  );
}

function Scheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark = colorScheme === "dark" || (colorScheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  const label = dark ? "Use light colours" : "Use dark colours";
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={label}
        onClick={() => setColorScheme(dark ? "light" : "dark")}
      >
        {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}

function Account({ name }: { name: string }) {
  return (
    <Menu position="bottom-end" shadow="md" withinPortal>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label="Your account">
          <IconUserCircle size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className="foreign">{name}</Menu.Label>
        <Menu.Item component={Link} to="/account">
          Your account
        </Menu.Item>
        <Menu.Item component="a" href="/admin/docs" target="_blank">
          Admin API
        </Menu.Item>
        <Menu.Item onClick={() => void leave().then(gate.signIn, failed)}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
