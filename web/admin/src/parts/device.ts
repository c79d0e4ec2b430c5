const browsers: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\bOPR\/|\bOpera\b/, "Opera"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/Chrome\/|\bCriOS\/|\bChromium\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];
const systems: [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

/** A browser's name for itself as people say it: "Firefox on Linux". What is not known is shown as it is. */
export function device(userAgent: string): string {
  const browser = browsers.find(([of]) => of.test(userAgent))?.[1];
  const system = systems.find(([of]) => of.test(userAgent))?.[1];
  if (browser) {
    return system ? `${browser} on ${system}` : browser;
  }
  return userAgent || "Unknown";
}
