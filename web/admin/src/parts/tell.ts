import { notifications } from "@mantine/notifications";
import { inWords } from "../api/problem";

/** Says that something was done. */
export function done(message: string): void {
  notifications.show({ message, color: "green" });
}

/** Says that something failed, where there is no better place for it. */
export function failed(error: unknown): void {
  notifications.show({ title: "That did not work", message: inWords(error), color: "red", autoClose: 12_000 });
}
