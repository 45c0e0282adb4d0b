// The page of the graph view in a browser alone: what VS Code gives it (its api, the theme's colours) is a stand-in.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import type { Locator, Page } from "playwright-core";
import type { PageState, ToPage, ToPanel } from "../../../client/graph/messages.js";
import { pageText } from "../../../client/graph/page.js";
import { browser } from "../lib/browser.js";
import { screenshotFolder } from "../lib/editor.js";
import { extensionFolder, until } from "../lib/index.js";

/** As VS Code's own themes have them; those of states as package.json contributes them. */
const themes = {
  dark: {
    body: "vscode-dark",
    tokens: {
      "editor-background": "#1f1f1f",
      "editor-foreground": "#cccccc",
      descriptionForeground: "#9d9d9d",
      "editorWidget-background": "#202020",
      focusBorder: "#0078d4",
      "input-background": "#313131",
      "input-foreground": "#cccccc",
      "input-border": "#3c3c3c",
      "icon-foreground": "#cccccc",
      errorForeground: "#f85149",
      "button-background": "#0078d4",
      "button-foreground": "#ffffff",
      "list-activeSelectionBackground": "#04395e",
      "list-activeSelectionForeground": "#ffffff",
    },
  },
  light: {
    body: "vscode-light",
    tokens: {
      "editor-background": "#ffffff",
      "editor-foreground": "#3b3b3b",
      descriptionForeground: "#3b3b3b",
      "editorWidget-background": "#f8f8f8",
      focusBorder: "#005fb8",
      "input-background": "#ffffff",
      "input-foreground": "#3b3b3b",
      "input-border": "#cecece",
      "icon-foreground": "#3b3b3b",
      errorForeground: "#f85149",
      "button-background": "#005fb8",
      "button-foreground": "#ffffff",
      "list-activeSelectionBackground": "#e8e8e8",
      "list-activeSelectionForeground": "#000000",
    },
  },
  "high-contrast": {
    body: "vscode-high-contrast",
    tokens: {
      "editor-background": "#000000",
      "editor-foreground": "#ffffff",
      descriptionForeground: "#ffffff",
      "editorWidget-background": "#0c141f",
      focusBorder: "#f38518",
      contrastBorder: "#6fc3df",
      contrastActiveBorder: "#f38518",
      "input-background": "#000000",
      "input-foreground": "#ffffff",
      "input-border": "#6fc3df",
      "icon-foreground": "#ffffff",
      errorForeground: "#f48771",
      "button-foreground": "#ffffff",
      "list-activeSelectionForeground": "#ffffff",
    },
  },
} as const;
export type PageTheme = keyof typeof themes;
export const pageThemes = Object.keys(themes) as readonly PageTheme[];

/** The colours that the extension contributes, as variables of the page. */
function contributed(theme: PageTheme): { readonly [token: string]: string } {
  const manifest: unknown = JSON.parse(fs.readFileSync(path.join(extensionFolder(), "package.json"), "utf8"));
  const colours: readonly { id: string; defaults: { [theme: string]: string } }[] =
    Object(manifest).contributes.colors;
  const name = theme === "high-contrast" ? "highContrast" : theme;
  return Object.fromEntries(
    colours.map(({ id, defaults }) => {
      const value = defaults[name] ?? "";
      // In high contrast they stand for a colour of VS Code.
      const colour = value.startsWith("#") ? value : value === "errorForeground" ? "#f48771" : "#ffffff";
      return [id.replaceAll(".", "-"), colour];
    }),
  );
}

export interface GraphPage {
  readonly page: Page;
  readonly send: (message: ToPage) => Promise<void>;
  /** What the page has told its panel. */
  readonly sent: () => Promise<readonly ToPanel[]>;
  readonly lastSent: <Type extends ToPanel["type"]>(type: Type) => Promise<Extract<ToPanel, { type: Type }>>;
  readonly kept: () => Promise<PageState>;
  readonly box: (name: string | RegExp) => Locator;
  /** How far the picture is zoomed and moved. */
  readonly place: () => Promise<string>;
  readonly screenshot: (name: string) => Promise<void>;
  /** After a failure. */
  readonly drop: () => Promise<void>;
  /** Fails when the page has complained of anything. */
  readonly close: () => Promise<void>;
}

export interface PageOptions {
  readonly theme?: PageTheme;
  readonly state?: PageState;
  readonly bundle?: { readonly [text: string]: string };
  readonly size?: { readonly width: number; readonly height: number };
  readonly screenReader?: boolean;
}

export const pipelineUri = "file:///work/pipeline.reprod";

export async function openGraphPage(options: PageOptions = {}): Promise<GraphPage> {
  const { theme = "dark", size = { width: 1200, height: 640 } } = options;
  const files = await serve(options.bundle);
  const context = await (await browser()).newContext({ viewport: size, reducedMotion: "reduce" });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.addInitScript(standIn(theme, options));
  await page.goto(files.address);
  const sent = async () => (await page.evaluate("window.standIn.sent")) as readonly ToPanel[];
  const drop = async () => {
    await context.close();
    files.close();
  };
  return {
    page,
    send: async (message) => {
      await page.evaluate(`window.postMessage(${JSON.stringify(message)}, "*")`);
      // Messages come in turn: when this one has come, so has the one before.
      await page.evaluate("new Promise((done) => setTimeout(done))");
    },
    sent,
    lastSent: async (type) =>
      await until(`the page to say "${type}"`, async () => {
        const last = (await sent()).findLast((message) => message.type === type);
        return last as Extract<ToPanel, { type: typeof type }> | undefined;
      }),
    kept: async () => (await page.evaluate("window.standIn.kept")) as PageState,
    box: (name) => page.locator(".canvas").getByRole("button", { name }),
    place: async () => (await page.locator(".canvas svg > g").getAttribute("transform")) ?? "",
    screenshot: async (name) => {
      const file = path.join(screenshotFolder(), "graph", `${name}.png`);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      await page.screenshot({ path: file });
    },
    drop,
    close: async () => {
      await drop();
      // A policy that the page breaks, a script that fails: all of it is told here.
      assert.deepEqual(complaints, []);
    },
  };
}

/** Stands in for the api that VS Code gives to a webview, and for the theme that it writes into it. */
function standIn(theme: PageTheme, { state, screenReader }: PageOptions): string {
  const { body, tokens } = themes[theme];
  const given = {
    tokens: { ...tokens, ...contributed(theme), "font-family": "system-ui, sans-serif" },
    classes: [body, ...(screenReader === true ? ["vscode-using-screen-reader"] : [])],
    state,
  };
  return `(() => {
    const given = ${JSON.stringify(given)};
    window.standIn = { sent: [], kept: given.state };
    window.acquireVsCodeApi = () => ({
      postMessage: (message) => void window.standIn.sent.push(message),
      getState: () => window.standIn.kept,
      setState: (state) => { window.standIn.kept = state; },
    });
    new MutationObserver((_, observer) => {
      if (document.body === null) return;
      observer.disconnect();
      document.body.classList.add(...given.classes);
      for (const [name, value] of Object.entries(given.tokens))
        document.documentElement.style.setProperty("--vscode-" + name, value);
    }).observe(document, { childList: true, subtree: true });
  })()`;
}

async function serve(bundle: PageOptions["bundle"]) {
  const types: { readonly [ending: string]: string } = { ".js": "text/javascript", ".css": "text/css" };
  const server = http.createServer(({ url = "" }, response) => {
    const type = types[path.extname(url)];
    response.setHeader("content-type", type ?? "text/html; charset=utf-8");
    if (type !== undefined) {
      response.end(fs.readFileSync(path.join(extensionFolder(), "dist", path.basename(url))));
      return;
    }
    const parts = {
      script: "/graph-view.js",
      styles: "/graph-view.css",
      source: "'self'",
      nonce: "0123456789",
    };
    response.end(pageText({ uri: pipelineUri, language: "en", bundle, ...parts }));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { address: `http://127.0.0.1:${address.port}/graph`, close: () => server.close() };
}
