import { expect, test } from "vitest";
import { unstyled } from "./unstyled";

test("style elements and attributes are taken out, and nothing else", () => {
  expect(unstyled(`<p style="color:red" class=a>Hi <b STYLE='x'>you</b></p>`).html).toBe(
    `<p data-mail-style="color:red" class=a>Hi <b data-mail-style='x'>you</b></p>`,
  );
  expect(unstyled("<head><style type=a>\n.x > .y { color: red }\n</style></head><p>1 < 2</p>")).toEqual({
    html: "<head></head><p>1 < 2</p>",
    styles: ["\n.x > .y { color: red }\n"],
  });
});

test("what speaks to the page goes", () => {
  expect(unstyled(`<base href="https://x/"><META http-equiv=refresh><link rel=x/><p>a</p>`).html).toBe("<p>a</p>");
});

test("what only looks like one stays", () => {
  for (const same of [
    `<p title='<b style="x">'>a</p>`,
    `<p title=style data-style="x">style="y"</p>`,
    "a <3 b, <>, </p>",
    `<a href=a"b' class=c>x</a>`,
    "<br/><hr />",
  ]) {
    expect(unstyled(same)).toEqual({ html: same, styles: [] });
  }
});

test("scripts of attributes go, however they are written", () => {
  expect(unstyled(`<img src=x onerror=alert(1)>`).html).toBe(`<img src=x data-mail-onerror=alert(1)>`);
  expect(unstyled(`<svg/onload = "a>b" style = x>`).html).toBe(`<svg/data-mail-onload="a>b" data-mail-style=x>`);
  expect(unstyled(`<p\nonclick\n=1/style=2>`).html).toBe(`<p\ndata-mail-onclick=1/style=2>`);
});

test("text that ends early is read to its end", () => {
  for (const cut of ["<", "<p", "<p style", '<p style="', "<p style=", "<!-- x", "<style>a", "<style", "<p a='x"]) {
    expect(unstyled(cut).html.length).toBeLessThan(40);
  }
  expect(unstyled("<style>a").styles).toEqual(["a"]);
});

test("comments go, and the time is that of the text's length", () => {
  expect(unstyled("a<!-- <p style=x> -->b").html).toBe("ab");
  const many = "<a ".repeat(100_000);
  expect(unstyled(many).html.length).toBeGreaterThan(0);
  expect(unstyled("<style>".repeat(50_000)).styles).toHaveLength(1);
});
