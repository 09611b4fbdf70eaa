// Texts of others are shown without what a terminal would obey.
import { expect, test } from "vitest";
import { plainText } from "../../src/errors/plain-text.ts";
import { markdownText } from "../../src/report/markdown.ts";

test("controls are shown by their numbers, and all else is as it was", () => {
  expect(plainText("\u001b[31mred\u001b[0m \u009b2J\u0007 \u202egpj.exe")).toBe(
    "\\u001b[31mred\\u001b[0m \\u009b2J\\u0007 \\u202egpj.exe",
  );
  const plain = "Pneumothorax, \tnot drained\n“ä” 肺 🫁 e\u0301";
  expect(plainText(plain)).toBe(plain);
});

test("Markdown has no tag and no control of a name", () => {
  expect(markdownText("<script>alert(1)</script>\u001b[2J <!-- <img src=x>")).toBe(
    "&lt;script>alert(1)&lt;/script>\\\\u001b[2J &lt;!-- &lt;img src=x>",
  );
  expect(markdownText("a < b")).toBe("a < b");
});
