import assert from "node:assert/strict";
import { test } from "node:test";
import { codeBlock, codeSpan, docMarkdown, escapeMarkdown, inCell } from "../../server/features/markdown.js";
import { setWords, t } from "../../server/features/words.js";

for (const [text, escaped] of [
  ["plain text, as people write it (mostly).", "plain text, as people write it (mostly)."],
  ["[x](command:reprod.run)", "\\[x\\](command:reprod.run)"],
  ["![x](https://example.org/a.png)", "\\!\\[x\\](https\\://example.org/a.png)"],
  ["<img src=x onerror=alert(1)>", "\\<img src=x onerror=alert(1)\\>"],
  ["<https://example.org>", "\\<https\\://example.org\\>"],
  ["see www.example.org, me@example.org", "see www\\.example.org, me\\@example.org"],
  ["`code` **bold** _it_ ~~no~~", "\\`code\\` \\*\\*bold\\*\\* \\_it\\_ \\~\\~no\\~\\~"],
  ["# title", "\\# title"],
  ["- item", "\\- item"],
  ["1. item", "1\\. item"],
  ["a\n\n# b", "a \\# b"],
  ["a | b", "a \\| b"],
  ["&lt;", "\\&lt;"],
  ["$(sync~spin)", "\\$(sync\\~spin)"],
  ["back\\slash", "back\\\\slash"],
  ["    four blanks", "four blanks"],
  ["x\u202ey\u0007\u200b", "x\ufffdy\ufffd\ufffd"],
  ["🌻 日本", "🌻 日本"],
] as const)
  test(`escaped: ${JSON.stringify(text)}`, () => assert.equal(escapeMarkdown(text), escaped));

test("code between back-ticks cannot end before its end", () => {
  assert.equal(codeSpan("x"), "`x`");
  assert.equal(codeSpan("a`b"), "``a`b``");
  assert.equal(codeSpan("`"), "`` ` ``");
  assert.equal(codeSpan("a\n\n[x](command:y)"), "`a [x](command:y)`");
  assert.equal(codeSpan("```"), "```` ``` ````");
  assert.equal(codeSpan(""), "");
});

test("no line of a block closes it", () => {
  assert.equal(codeBlock("let a = 1"), "```reprod\nlet a = 1\n```");
  assert.equal(codeBlock("a\n```\n[x](command:y)\n"), "````reprod\na\n```\n[x](command:y)\n````");
  assert.equal(codeBlock("a\r\nb\u0000", "text"), "```text\na\nb\ufffd\n```");
});

test("a bar is escaped in a cell, once", () => {
  assert.equal(inCell("`a|b`"), "`a\\|b`");
  assert.equal(inCell(escapeMarkdown("a|b")), "a\\|b");
});

test("a doc comment keeps its paragraphs and names between back-ticks, and nothing else", () => {
  assert.equal(
    docMarkdown("Reads `a*b`, *not* bold.\nNext line.\n\n  <b>More</b>"),
    "Reads `a*b`, \\*not\\* bold.\nNext line.\n\n\\<b\\>More\\</b\\>",
  );
  assert.equal(docMarkdown("```\ncommand\n```"), "\\`\\`\\`\ncommand\n\\`\\`\\`");
  assert.equal(docMarkdown("- a\n- b"), "\\- a\n\\- b");
  assert.equal(docMarkdown("\n\n"), "");
});

test("texts are translated whole, with their values put in", (context) => {
  context.after(() => setWords(undefined));
  assert.equal(t('Rename to "{0}"', "a{1}"), 'Rename to "a{1}"');
  assert.equal(t("{0} of {1}", 1, 2), "1 of 2");
  assert.equal(t("{0} of {1}", 1), "1 of {1}");
  setWords({ "{0} of {1}": "{0} von {1}", "all keys": "alle Schlüssel" });
  assert.equal(t("{0} of {1}", 1, 2), "1 von 2");
  assert.equal(t("all keys"), "alle Schlüssel");
  assert.equal(t("toString"), "toString");
});
