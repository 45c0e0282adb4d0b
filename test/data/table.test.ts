import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeText, parseJsonFact, parseTable, splitLines } from "../../server/data/table.js";

const known = (text: string, separator: "," | "\t" = ",") => {
  const fact = parseTable(text, separator);
  assert.equal(fact.kind, "known", fact.kind === "absent" ? fact.message : "");
  return fact.kind === "known" ? fact.value : undefined;
};

test("rule 16 tables: header, quoted cells, line ends and the lines of rows", () => {
  const cases: readonly (readonly [string, string, readonly (readonly string[])[], readonly number[]])[] = [
    [
      "plain",
      "a,b\n1,2\n3,4\n",
      [
        ["1", "2"],
        ["3", "4"],
      ],
      [2, 3],
    ],
    ["no end of line at the end", "a,b\n1,2", [["1", "2"]], [2]],
    ["CRLF", "a,b\r\n1,2\r\n", [["1", "2"]], [2]],
    [
      "both ends of line",
      "a,b\n1,2\r\n3,4\n",
      [
        ["1", "2"],
        ["3", "4"],
      ],
      [2, 3],
    ],
    [
      "empty lines",
      "\n\na,b\n\n1,2\n\n\n3,4\n\n",
      [
        ["1", "2"],
        ["3", "4"],
      ],
      [5, 8],
    ],
    [
      "empty cells",
      "a,b\n,\n1,\n",
      [
        ["", ""],
        ["1", ""],
      ],
      [2, 3],
    ],
    ["only a header", "a,b\n", [], []],
    ["spaces are kept", "a,b\n 1 ,2\n", [[" 1 ", "2"]], [2]],
    ["quoted", 'a,b\n"1,x","say ""hi"""\n', [["1,x", 'say "hi"']], [2]],
    [
      "line breaks in cells",
      'a,b\n"x\ny",1\n"\n\n",2\n3,4\n',
      [
        ["x\ny", "1"],
        ["\n\n", "2"],
        ["3", "4"],
      ],
      [2, 4, 7],
    ],
    [
      "CRLF in cells",
      'a,b\r\n"x\r\ny",1\r\n\r\n3,4\r\n',
      [
        ["x\r\ny", "1"],
        ["3", "4"],
      ],
      [2, 5],
    ],
    ["quoted header", '"a","b"\n1,2\n', [["1", "2"]], [2]],
    [
      "unicode",
      'a,b\né,"日本\n"\nx,y\n',
      [
        ["é", "日本\n"],
        ["x", "y"],
      ],
      [2, 4],
    ],
  ];
  for (const [name, text, rows, lines] of cases) {
    const table = known(text);
    assert.deepEqual(
      { rows: table?.rows, lines: table?.lines, header: table?.header },
      { rows, lines, header: ["a", "b"] },
      name,
    );
  }
  assert.deepEqual(known("a\tb\n1,0\t2\n", "\t")?.rows, [["1,0", "2"]]);
  assert.deepEqual(
    known('a\n""\nx\n')?.rows,
    [[""], ["x"]],
    "a quoted empty cell is a cell, an empty line is none",
  );
});

test("rule 16 what is wrong with a table is told with its line", () => {
  for (const [text, message] of [
    ["", /^the table is empty/],
    ["\n\n", /^the table is empty/],
    ["a,b\n1,2\n\n1\n", /^line 4: the header has 2 columns, this row has "1"$/],
    ['a,b\n"x\ny",1\n1,2,3\n', /^line 4: the header has 2 columns, this row has "3"$/],
    ["a,b,a\n", /^line 1: columns 1 and 3 have the same name: "a"$/],
    ["\na,,c,\n", /^line 2: columns 2 and 4 have the same name: ""$/],
    ['a,b\n1,2\n\n"x,2\n3,4\n', /^line 4, cell 1: the quote that begins this cell is never closed$/],
    ['a,b\r\n1,"x"y\r\n', /^line 2, cell 2: text follows the closing quote/],
    ['a,b\n"p\nq",1\n1,x"y\n', /^line 4, cell 2: a quote stands in a cell that does not begin with one/],
  ] as const) {
    const fact = parseTable(text, ",");
    assert.match(fact.kind === "absent" ? fact.message : JSON.stringify(fact), message, JSON.stringify(text));
  }
});

test("any table that is written by RFC 4180 is read back, whichever way it goes", () => {
  const cell = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("", '"', ",", "\n", "\r\n", "a b", '""', "é"),
  );
  const clean = cell.map((text) => text.replaceAll("\0", ""));
  const quote = (text: string) =>
    /[",\r\n]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(clean, clean), { maxLength: 8 }),
      fc.constantFrom("\n", "\r\n"),
      (rows, end) => {
        const text = [["a", "b"], ...rows].map((row) => row.map(quote).join(",") + end).join("");
        const table = known(text);
        assert.deepEqual(table?.rows, rows);
        for (const [index, row] of rows.entries()) {
          const line = text
            .split("\n")
            .slice((table?.lines[index] ?? 0) - 1)
            .join("\n");
          assert(line.startsWith(row.map(quote).join(",")), "the row begins at the line that is told");
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("text that is not UTF-8, or no text, is told with line and column", () => {
  const bytes = (...parts: readonly (string | number)[]) =>
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from([part]))));
  for (const [content, message] of [
    [bytes("a,b\n1,é", 0xe9, "x\n"), /^line 2, column 4: this byte is not UTF-8: "0xe9"$/],
    [bytes(0xff), /^line 1, column 1: .*"0xff"$/],
    [bytes("日本", 0xe6, 0x97), /^line 1, column 3: .*"0xe6"$/],
    [bytes("x".repeat(100_000), "\n", 0xc0, 0x80), /^line 2, column 1: .*"0xc0"$/],
    [bytes("ab\n\0"), /^line 2, column 1: it is not a text file/],
  ] as const) {
    const fact = decodeText(content);
    assert.match(fact.kind === "absent" ? fact.message : "it was read", message);
  }
  assert.deepEqual(
    decodeText(bytes(0xef, 0xbb, 0xbf, "é")),
    { kind: "known", value: "é" },
    "a byte order mark is left out",
  );
  assert.deepEqual(decodeText(Buffer.alloc(0)), { kind: "known", value: "" });
});

test("JSON is read, and what is wrong is told with its place", () => {
  assert.deepEqual(parseJsonFact('{"a": [1, null]}'), { kind: "known", value: { a: [1, null] } });
  for (const [text, message] of [
    ["", /^line 1, column 1: a value is missing$/],
    ['{\n  "a": 1,\n}', /^line 3, column 1: a key in double quotes/],
    ["{'a': 1}", /^line 1, column 2: a key in double quotes/],
    ["[1 2]", /^line 1, column 4: "," or "]" is missing$/],
    ["[01]", /^line 1, column 2: this is no JSON value: "01"$/],
    ['["a\nb"]', /^line 1, column 2: a string is not closed/],
    ['["\\x"]', /^line 1, column 2: a string has an escape/],
    ["1 2", /^line 1, column 3: only one value/],
    ['{"a" 1}', /":" is missing/],
    ["NaN", /no JSON value: "NaN"/],
    ["[".repeat(100_000), /nested too deeply/],
  ] as const) {
    const fact = parseJsonFact(text);
    assert.match(fact.kind === "absent" ? fact.message : "it was read", message, text.slice(0, 20));
  }
});

test("lines end in LF or CRLF, and the last one needs no end", () => {
  assert.deepEqual(splitLines("a\r\nb\n\nc"), ["a", "b", "", "c"]);
  assert.deepEqual(splitLines("a\n"), ["a"]);
  assert.deepEqual(splitLines(""), []);
  assert.deepEqual(splitLines("\n"), [""]);
});
