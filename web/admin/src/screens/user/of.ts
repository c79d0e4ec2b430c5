import type { Schema } from "../../api/client";

export type User = Schema<"UserDetail">;

/** What each part of the screen is about. */
export interface OfUser {
  slug: string;
  user: User;
}

/** The path parameters of the operations on a user. */
export const at = ({ slug, user }: OfUser) => ({ path: { slug, id: user.id } });
