// What an authenticator app does (RFC 6238): the code of a secret at a time.
import { createHmac } from "node:crypto";

function base32(text: string): Buffer {
  let bits = "";
  for (const c of text.replace(/=+$/, "").toUpperCase()) {
    bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0");
  }
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => Number.parseInt(b, 2)));
}

export function totp(secret: string, at = Date.now(), step = 0): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000) + step));
  const mac = createHmac("sha1", base32(secret)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** A code that was not used before: the server takes each once, and waiting for the next would take half a minute. */
export class Authenticator {
  private last = 0;
  constructor(readonly secret: string) {}

  async code(): Promise<string> {
    let step = Math.floor(Date.now() / 30_000);
    while (step <= this.last) {
      await new Promise((r) => setTimeout(r, 500));
      step = Math.floor(Date.now() / 30_000);
    }
    this.last = step;
    return totp(this.secret);
  }
}
