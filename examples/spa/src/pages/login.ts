import type { Configuration } from "@vestibule-auth/client";

type Method = Configuration["account"]["login_methods"][number];

const names: Record<Method, string> = { email: "email address", username: "username", phone: "phone number" };

/** What one field for all ways to say who one is, is called: "Email address or username". */
export function loginLabel(methods: readonly Method[]): string {
  const all = methods.map((m) => names[m]);
  const text = all.length > 1 ? `${all.slice(0, -1).join(", ")} or ${all.at(-1)}` : (all[0] ?? names.email);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Which of them somebody has typed. What looks like none that the tenant takes is sent as the first one: the server says what is wrong. */
export function loginOf(typed: string, methods: readonly Method[]): Partial<Record<Method, string>> {
  const text = typed.trim();
  const likely: Method = text.includes("@") ? "email" : /^\+[\d\s()-]+$/.test(text) ? "phone" : "username";
  const method = methods.includes(likely) ? likely : (methods[0] ?? "email");
  return { [method]: method === "phone" ? text.replace(/[\s()-]/g, "") : text };
}
