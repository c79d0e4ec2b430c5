// What is done to a user as a whole.
import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { admin } from "../../api/client";
import { useAct } from "../../parts/useAct";
import { useAsk } from "../../parts/useAsk";
import { useRemoval } from "../../parts/useRemoval";
import { useMay } from "../../session/me";
import { called } from "../users/Called";
import { at, type OfUser } from "./of";
import { newcomer, useSendLink } from "./Password";

/** What is typed before a user is deleted or erased: something short that is surely this one's. */
const nameOf = ({ user }: OfUser): string => user.email || user.username || user.phone || user.id.slice(-8);

export function Acts(of: OfUser) {
  const { slug, user } = of;
  const { act, tell } = useAct();
  const [dialog, ask] = useAsk();
  const link = useSendLink(of);
  const may = useMay();
  const removal = useRemoval(user.id);
  const list = `/tenants/${slug}/users`;
  const params = at(of);
  const name = called(user);
  const deactivate = () =>
    ask({
      title: `Deactivate ${name}?`,
      text: "The user is kept out at once and everywhere: sessions and tokens end, links and codes stop working. Nothing is lost; you can let them in again, but what ended does not come back.",
      action: "Deactivate",
      danger: true,
      run: () =>
        act(() => admin.POST("/admin/v1/tenants/{slug}/users/{id}/deactivate", { params }), `${name} is deactivated.`),
    });
  const remove = () =>
    ask({
      title: `Delete ${name}?`,
      text: "Every session ends, and the address, the username and the number are free for others at once. For 30 days you can restore the user from the deleted users; then everything is erased.",
      action: "Delete",
      danger: true,
      typed: nameOf(of),
      run: () =>
        removal(() => admin.DELETE("/admin/v1/tenants/{slug}/users/{id}", { params }), list, `${name} is deleted.`),
    });
  const erase = () =>
    ask({
      title: `Erase ${name} for good?`,
      text: "Nothing is left but the user's id in events, which then say what happened and when, not from where and with which details. Nobody can undo it. It is what somebody asks for who wants to be forgotten.",
      action: "Erase for good",
      danger: true,
      typed: nameOf(of),
      run: () =>
        removal(
          () => admin.POST("/admin/v1/tenants/{slug}/users/{id}/erase", { params }),
          list,
          "The user is erased for good.",
        ),
    });
  const reactivate = () =>
    tell(() => admin.POST("/admin/v1/tenants/{slug}/users/{id}/reactivate", { params }), `${name} may sign in again.`);
  const items = [
    may("users.secure") && user.email !== "" && user.active && (
      <Menu.Item key="link" onClick={link.send}>
        {newcomer(of) ? "Send the invitation again" : "Send a reset link"}
      </Menu.Item>
    ),
    may("users.export") && (
      <Menu.Item
        key="export"
        component="a"
        href={`/admin/v1/tenants/${slug}/users/${user.id}/export`}
        download={`user-${user.id}.json`}
      >
        Export all that is held
      </Menu.Item>
    ),
    may("users.change") && (
      <Menu.Item key="active" onClick={user.active ? deactivate : reactivate}>
        {user.active ? "Deactivate" : "Reactivate"}
      </Menu.Item>
    ),
    may("users.delete") && (
      <Menu.Item key="delete" c="var(--mantine-color-error)" onClick={remove}>
        Delete
      </Menu.Item>
    ),
    may("users.erase") && (
      <Menu.Item key="erase" c="var(--mantine-color-error)" onClick={erase}>
        Erase for good
      </Menu.Item>
    ),
  ].filter(Boolean);
  return (
    <>
      {items.length > 0 && (
        <Menu position="bottom-end" shadow="md" withinPortal>
          <Menu.Target>
            <Button rightSection={<IconChevronDown size={14} />}>Actions</Button>
          </Menu.Target>
          <Menu.Dropdown>{items}</Menu.Dropdown>
        </Menu>
      )}
      {dialog}
      {link.dialog}
    </>
  );
}
