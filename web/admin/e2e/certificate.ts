// A key of somebody's, and the certificate that they issue for it themselves (RFC 5280), as those who speak SAML have. Node makes none.
import { createSign, generateKeyPairSync } from "node:crypto";

/** One value in DER: its tag, its length, and what is in it. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const long = body.length < 128 ? [] : body.length < 256 ? [0x81] : [0x82, body.length >> 8];
  return Buffer.concat([Buffer.from([tag, ...long, body.length & 255]), body]);
}

const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const bits = (value: Buffer) => der(0x03, Buffer.from([0]), value);

const rsaWithSHA256 = sequence(der(0x06, Buffer.from("2a864886f70d01010b", "hex")), der(0x05));
const commonName = der(0x06, Buffer.from("550403", "hex"));

/** Both in PEM. The certificate is good until the end of 2099. */
export function selfSigned(name: string): { privateKey: string; certificate: string } {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const who = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(name)))));
  const when = (text: string) => der(0x18, Buffer.from(text)); // GeneralizedTime
  const said = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.from([1])),
    rsaWithSHA256,
    who,
    sequence(der(0x17, Buffer.from("200101000000Z")), when("20991231235959Z")),
    who,
    publicKey.export({ type: "spki", format: "der" }),
  );
  const signature = createSign("sha256").update(said).sign(privateKey);
  const lines =
    sequence(said, rsaWithSHA256, bits(signature))
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return {
    privateKey: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    certificate: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
  };
}
