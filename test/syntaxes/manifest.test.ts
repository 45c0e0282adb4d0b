import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { shownStates } from "../../server/protocol.js";

interface Step {
  readonly id: string;
  readonly description: string;
  readonly media: { readonly svg: string };
  readonly completionEvents: readonly string[];
}

const manifest: {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly views: { readonly [container: string]: readonly { readonly id: string }[] };
    readonly walkthroughs: readonly { readonly id: string; readonly steps: readonly Step[] }[];
  };
} = JSON.parse(readFileSync("package.json", "utf8"));
const texts: { readonly [key: string]: string } = JSON.parse(readFileSync("package.nls.json", "utf8"));

/** Every text of the manifest, however deep. */
function stringsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}
const strings = stringsOf(manifest);

test("every file that the manifest names is there", () => {
  const files = strings.filter((text) => /^(?:\.\/)?(?:media|syntaxes)\//.test(text));
  assert.ok(files.length > 10, "the files were found");
  assert.deepEqual(
    files.filter((file) => !existsSync(file)),
    [],
  );
});

test("every text of languages and walkthroughs is used, and every one that is used is there", () => {
  const used = new Set(
    strings.flatMap((text) => [...text.matchAll(/^%([\w.]+)%$/g)].map((match) => match[1] ?? "")),
  );
  const mine = (key: string) => /^(?:language|walkthrough)\./.test(key);
  assert.deepEqual(Object.keys(texts).filter(mine).sort(), [...used].filter(mine).sort());
});

/** What a step can end with: commands and views that are there. */
const events = new Set([
  ...manifest.contributes.commands.map(({ command }) => `onCommand:${command}`),
  ...Object.values(manifest.contributes.views)
    .flat()
    .map(({ id }) => `onView:${id}`),
]);

test("a walkthrough has at most five steps, and each ends by a command or a view of its own", () => {
  for (const { id, steps } of manifest.contributes.walkthroughs) {
    assert.ok(steps.length > 0 && steps.length <= 5, id);
    for (const step of steps) {
      assert.ok(step.completionEvents.length > 0, step.id);
      for (const event of step.completionEvents) assert.ok(events.has(event), `${step.id}: ${event}`);
    }
    // What is offered as a button ends the step too, or people would do it twice.
    for (const step of steps) {
      const description = texts[step.description.slice(1, -1)] ?? "";
      const buttons = [...description.matchAll(/\(command:([\w.]+)/g)].map((match) => match[1]);
      const known = step.completionEvents.map((event) => event.slice(event.indexOf(":") + 1));
      for (const button of buttons) {
        const ends = known.some((name) => name === button || `${name}.focus` === button);
        assert.ok(ends, `${step.id}: ${button}`);
      }
    }
  }
});

// ---------------------------------------------------------------- pictures

test("the pictures are as they would be drawn", () => {
  const ended = spawnSync(process.execPath, ["media/draw.mjs", "--check"], { encoding: "utf8" });
  assert.equal(ended.status, 0, ended.stderr);
});

const signs = (state: string, theme: string) => readFileSync(`media/states/${state}-${theme}.svg`, "utf8");

test("every state has a sign for light and for dark themes, and there are no others", () => {
  const wanted = shownStates.flatMap((state) => [`${state}-dark.svg`, `${state}-light.svg`]);
  assert.deepEqual(readdirSync("media/states").sort(), wanted.sort());
});

test("no two states have one shape", () => {
  const shapes = shownStates.map((state) => signs(state, "dark").replaceAll(/#[0-9a-f]{6}/g, ""));
  assert.equal(new Set(shapes).size, shownStates.length);
});

/** As WCAG 2 computes it. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

for (const [theme, ground] of [
  ["light", "#ffffff"],
  ["dark", "#1f1f1f"],
] as const) {
  test(`the signs stand out on the ${theme} ground`, () => {
    for (const state of shownStates) {
      const colours = signs(state, theme).match(/#[0-9a-f]{6}/g) ?? [];
      assert.ok(colours.length > 0, state);
      for (const colour of colours)
        assert.ok(contrast(colour, ground) >= 4.5, `${state} ${colour}: ${contrast(colour, ground)}`);
    }
  });
}

test("pictures of the walkthrough take the theme's colours, and need no style sheet", () => {
  for (const { steps } of manifest.contributes.walkthroughs)
    for (const { media } of steps) {
      const picture = readFileSync(media.svg, "utf8");
      // The page that VS Code lays them into allows neither.
      assert.doesNotMatch(picture, /<style|style=|<script|<image|href=/);
      assert.doesNotMatch(picture.replaceAll(/var\(--vscode-[\w-]+, #[0-9a-f]{6}\)/g, ""), /#[0-9a-f]{3}\b/i);
    }
});

test("the icon is a PNG of 256 pixels, and the one of the activity bar takes its colour", () => {
  const icon = readFileSync("media/icon.png");
  assert.equal(icon.subarray(1, 4).toString("latin1"), "PNG");
  assert.deepEqual([icon.readUInt32BE(16), icon.readUInt32BE(20)], [256, 256]);
  assert.doesNotMatch(readFileSync("media/reprod.svg", "utf8"), /#[0-9a-f]{3}/i);
});
