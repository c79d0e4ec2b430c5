// Looked for in this order, since most browsers also claim to be others.
const browsers: [RegExp, string][] = [
  [/\bEdg\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\bChrome\/|\bCriOS\/|\bHeadlessChrome\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];
const systems: [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMacintosh\b/, "Mac"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

/** What somebody would call a device, such as "Firefox on Linux", by its User-Agent header. */
export function deviceOf(userAgent: string): string {
  const found = (all: [RegExp, string][]) => all.find(([sign]) => sign.test(userAgent))?.[1];
  const [browser, system] = [found(browsers), found(systems)];
  return browser && system ? `${browser} on ${system}` : (browser ?? system ?? (userAgent || "Unknown device"));
}
