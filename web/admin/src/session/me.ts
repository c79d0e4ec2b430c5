// Who is signed in, and what they may do. Screens leave out what the role cannot do; the server refuses it all the same.
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../api/client";
import { may, type Permission } from "./may";

export { type Me, may, type Permission } from "./may";

export function useMe() {
  return api.useQuery("get", "/admin/v1/me", {}, { staleTime: 60_000 });
}

/** Whether somebody else is signed in by now than when the page was opened, as after signing in anew in another tab. */
export function useSomebodyElse(): boolean {
  const { data } = useMe();
  const [first, remember] = useState(data?.id);
  if (first === undefined && data) {
    remember(data.id);
  }
  return first !== undefined && data !== undefined && data.id !== first;
}

/** A function that tells what the operator may do with the tenant of the page or, on pages of none, with the platform. */
export function useMay(): (permission: Permission) => boolean {
  const { data } = useMe();
  const { slug } = useParams({ strict: false });
  return (permission) => may(data, permission, slug);
}
