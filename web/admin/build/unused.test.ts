import { expect, test } from "vitest";
import { classesIn, withoutUnused } from "./unused";

const used = new Set(["m_aaaaaa", "m_bbbbbb"]);
const left = (css: string) => withoutUnused(css, used);

test("rules of classes that nothing uses go, and others stay as they are", () => {
  expect(left(".m_aaaaaa{color:red}.m_cccccc{color:blue}p{margin:0}")).toBe(".m_aaaaaa{color:red}p{margin:0}");
  expect(left(".m_cccccc .m_aaaaaa{a:b}.m_aaaaaa>.m_bbbbbb{a:b}")).toBe(".m_aaaaaa>.m_bbbbbb{a:b}");
  expect(left(".m_cccccc,.m_aaaaaa:hover,a{a:b}")).toBe(".m_aaaaaa:hover,a{a:b}");
});

test("what is one of several, or must not be, does not count", () => {
  const css = ":where(.m_cccccc,.m_aaaaaa) p{a:b}.m_aaaaaa:not(.m_cccccc){a:b}:is(:where(.m_cccccc)) .m_bbbbbb{a:b}";
  expect(left(css)).toBe(css);
});

test("layers and conditions are looked into, and go where nothing is left of them", () => {
  expect(left("@layer a,b;@layer a{.m_cccccc{a:b}@media (min-width:3em){.m_cccccc{a:b}.m_aaaaaa{a:b}}}")).toBe(
    "@layer a,b;@layer a{@media (min-width:3em){.m_aaaaaa{a:b}}}",
  );
  expect(left("@media print{.m_cccccc{a:b}}p{a:b}")).toBe("p{a:b}");
});

test("what only looks like a rule is none", () => {
  const css =
    '@keyframes m_dddddd{from{opacity:0}to{opacity:1}}@font-face{font-family:"}{"}.m_aaaaaa{content:"}.m_cccccc{";a:url(data:x,{})}.a\\{b{a:b}';
  expect(left(css)).toBe(css);
});

test("classes are found in scripts", () => {
  expect(classesIn('var a={root:`m_aaaaaa`,label:"m_bbbbbb"};m_x;mm_aaaaaa0')).toEqual(
    new Set(["m_aaaaaa", "m_bbbbbb"]),
  );
});
