import { encode } from "uqr";

/** A QR code, dark on light in both colour schemes, since cameras want it so. */
export function QrCode({ text, label, size = 196 }: { text: string; label: string; size?: number }) {
  const code = encode(text, { ecc: "M", border: 2 });
  const path = code.data.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")).join("")).join("");
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${code.size} ${code.size}`}
      width={size}
      height={size}
      shapeRendering="crispEdges"
    >
      <rect width={code.size} height={code.size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
