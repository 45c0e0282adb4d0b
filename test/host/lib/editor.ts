// A VS Code window that a test looks at and works with as a person does. Every method waits for what it needs.
import * as fs from "node:fs";
import * as path from "node:path";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { browser } from "./browser.js";
import { extensionFolder, root } from "./locate.js";
import { type Server, type ServerOptions, startServer } from "./server.js";
import { patience, until } from "./until.js";
import { examples, makeWorkspace, type Workspace, type WorkspaceSource } from "./workspace.js";

export interface EditorOptions extends ServerOptions {
  /** Default: a copy of the examples. */
  readonly workspace?: WorkspaceSource;
  /** Loads this folder as an extension in development, beside the installed ones. Toasts do not show then. */
  readonly development?: string;
  readonly size?: { readonly width: number; readonly height: number };
  /** Folder below the screenshots, so that suites do not overwrite each other's. */
  readonly screenshots?: string;
}

/** Exact text, or what a pattern finds in it. */
export type Text = string | RegExp;

export interface Notification {
  readonly severity: "info" | "warning" | "error";
  readonly message: string;
  readonly buttons: readonly string[];
}

export interface Dialog {
  readonly message: string;
  readonly detail: string;
  readonly buttons: readonly string[];
}

export interface Row {
  readonly label: string;
  readonly description: string;
  /** 1 for the outermost. */
  readonly level: number;
  /** undefined for a row that has nothing below it. */
  readonly expanded: boolean | undefined;
  readonly selected: boolean;
  /** What a screen reader says. */
  readonly spoken: string;
  /** The codicon or file icon: `check`, `error`. */
  readonly icon: string | undefined;
}

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly start: number;
  readonly end: number;
}

export interface Choice {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

export interface QuickInput {
  readonly title: string;
  readonly placeholder: string;
  readonly value: string;
  /** What an input box says below itself, such as why it does not take the value. */
  readonly message: string;
  readonly choices: readonly Choice[];
}

/** Starts a server and opens a window on it. */
export async function openEditor(options: EditorOptions = {}): Promise<Editor> {
  const workspace = makeWorkspace(options.workspace ?? examples);
  try {
    const server = await startServer({
      ...options,
      extensions:
        options.extensions ?? (options.development === undefined ? [{ folder: extensionFolder() }] : []),
      automation: options.automation ?? options.development !== undefined,
    });
    try {
      const editor = await Editor.open(server, workspace, options);
      try {
        await editor.ready();
        return editor;
      } catch (error) {
        await editor.report("opening");
        await editor.closeContext();
        throw error;
      }
    } catch (error) {
      await server.stop();
      throw error;
    }
  } catch (error) {
    workspace.remove();
    throw error;
  }
}

export class Editor {
  readonly #complaints: string[] = [];

  private constructor(
    /** Playwright's page, for what has no method here. */
    readonly page: Page,
    readonly server: Server,
    readonly workspace: Workspace,
    readonly options: EditorOptions,
    readonly context: BrowserContext,
  ) {
    page.setDefaultTimeout(patience);
    page.on("console", (message) => {
      if (message.type() === "error") this.#complain(message.text());
    });
    page.on("pageerror", (error) => this.#complain(String(error)));
    // The browser asks before it leaves a window with unsaved files; a test that reloads means it.
    page.on("dialog", (dialog) => dialog.accept());
  }

  /** A window that shows nothing yet. */
  static async blank(server: Server, workspace: Workspace, options: EditorOptions): Promise<Editor> {
    const context = await (await browser()).newContext({
      viewport: options.size ?? { width: 1440, height: 900 },
      reducedMotion: "reduce",
      colorScheme: options.theme === "light" ? "light" : "dark",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    return new Editor(await context.newPage(), server, workspace, options, context);
  }

  static async open(server: Server, workspace: Workspace, options: EditorOptions): Promise<Editor> {
    const editor = await Editor.blank(server, workspace, options);
    const payload = [["skipWelcome", "true"]];
    if (options.development !== undefined)
      payload.push(["extensionDevelopmentPath", remote(server, options.development)]);
    await editor.page.goto(windowAddress(server, workspace.path, payload));
    return editor;
  }

  #complain(text: string): void {
    if (usual.test(text)) return;
    this.#complaints.push(text.slice(0, 500));
    if (this.#complaints.length > 40) this.#complaints.shift();
  }

  /** Waits until the window is restored and the extensions are known. */
  async ready(): Promise<void> {
    await this.page.locator(".monaco-workbench .part.statusbar").waitFor({ timeout: 3 * patience });
    // The workbench notes its own milestones; there is nothing on the screen to tell them by.
    await this.page.waitForFunction(
      `["code/LifecyclePhase/Restored", "code/didLoadExtensions"]
        .every((name) => performance.getEntriesByName(name).length > 0)`,
      undefined,
      { timeout: 3 * patience },
    );
  }

  async close(): Promise<void> {
    await this.closeContext();
    await this.server.stop();
    this.workspace.remove();
  }

  async closeContext(): Promise<void> {
    await this.context.close();
  }

  /** Loads the window again, as `Developer: Reload Window` does: the extension host starts anew. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  // Files and text

  /** Opens a file of the workspace by its path in it, through the list of files; `line` and `column` start at 1. */
  async openFile(file: string, at: { readonly line?: number; readonly column?: number } = {}): Promise<void> {
    const name = path.basename(file);
    await this.#openQuickInput("Control+P");
    await this.quickInput.locator("input[type=text]").fill(file);
    const folder = path.dirname(file);
    const rows = this.#choiceRows().filter({
      has: this.page.locator(".label-name", { hasText: exactly(name) }),
    });
    const wanted = folder === "." ? rows : rows.filter({ hasText: path.basename(folder) });
    await wanted.first().click();
    const group = this.page.locator(".editor-group-container.active");
    await group.locator(".tabs-container .tab.active").and(this.tab(name)).first().waitFor();
    await group.locator(".editor-instance").first().waitFor();
    if (at.line !== undefined) await this.goTo(at.line, at.column ?? 1);
  }

  /** The tab of that name. */
  tab(name: Text): Locator {
    // In one of several groups, its number follows the name.
    const spoken = typeof name === "string" ? new RegExp(`^${escaped(name)}(?:,|$)`) : name;
    return this.page.locator(".tabs-container").getByRole("tab", { name: spoken });
  }

  /** The names on the tabs, in order. */
  async tabs(): Promise<readonly string[]> {
    return await this.page
      .locator(".tabs-container .tab")
      .evaluateAll((tabs) =>
        tabs.map((tab) => tab.getAttribute("data-resource-name") ?? tab.getAttribute("aria-label")),
      );
  }

  /** Puts the cursor there; both start at 1. */
  async goTo(line: number, column = 1): Promise<void> {
    await this.#openQuickInput("Control+G");
    const input = this.quickInput.locator("input[type=text]");
    await input.fill(`:${line}:${column}`);
    // On a busy machine Enter may come before VS Code has read the line, and is lost.
    for (let tries = 1; tries === 1 || (await this.quickInput.isVisible()); tries++) {
      await input.press("Enter");
      const hidden = this.quickInput.waitFor({ state: "hidden", timeout: 3_000 });
      await (tries < 5 ? hidden.catch(() => undefined) : hidden);
    }
    await this.statusItem(/^Ln /)
      .filter({ hasText: `Ln ${line}, Col ${column}` })
      .waitFor();
  }

  /** The text lines that the active editor shows, from the top. Lines out of sight are not there. */
  async visibleLines(): Promise<readonly string[]> {
    await this.#lines().first().waitFor();
    return await this.#lines().evaluateAll((lines) =>
      lines
        .map((line) => ({
          top: Number.parseFloat(line.style.top),
          text: line.textContent.replaceAll("\u00a0", " "),
        }))
        .sort((a, b) => a.top - b.top)
        .map(({ text }) => text),
    );
  }

  #lines(): Locator {
    return this.page.locator(".editor-group-container.active .monaco-editor .view-lines > .view-line");
  }

  /** The first place where the active editor shows this text: its middle, and where it starts and ends. */
  async placeOf(text: string): Promise<Place> {
    return await until(
      `the text "${text}" in the active editor`,
      async () =>
        await this.#lines().evaluateAll((lines, wanted) => {
          for (const line of [...lines].sort(
            (a, b) => Number.parseFloat(a.style.top) - Number.parseFloat(b.style.top),
          )) {
            const at = line.textContent.replaceAll("\u00a0", " ").indexOf(wanted);
            if (at < 0) continue;
            const range = line.ownerDocument.createRange();
            const walker = line.ownerDocument.createTreeWalker(line, 4);
            let before = 0;
            let begun = false;
            for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
              const length = node.textContent.length;
              if (!begun && at < before + length) {
                range.setStart(node, at - before);
                begun = true;
              }
              if (begun && at + wanted.length <= before + length) {
                range.setEnd(node, at + wanted.length - before);
                break;
              }
              before += length;
            }
            const box = range.getBoundingClientRect();
            if (box.width > 0)
              return {
                x: box.x + box.width / 2,
                y: box.y + box.height / 2,
                start: box.x,
                end: box.x + box.width,
              };
          }
          return undefined;
        }, text),
      { seen: async () => await this.visibleLines() },
    );
  }

  /** Clicks into the text, or puts the cursor right before or behind it. */
  async clickText(
    text: string,
    options: {
      readonly at?: "start" | "middle" | "end";
      readonly button?: "left" | "right";
      readonly count?: number;
    } = {},
  ): Promise<void> {
    const { x, y, start, end } = await this.placeOf(text);
    // A pixel within it, since the very edge may be the neighbour's.
    const across = { start: start + 1, middle: x, end: end - 1 }[options.at ?? "middle"];
    await this.page.mouse.click(across, y, {
      button: options.button ?? "left",
      clickCount: options.count ?? 1,
    });
  }

  /** Rests the mouse on the text and reads the hover that comes; `including` waits for the part that comes late. */
  async hover(text: string, including: Text = /\S/): Promise<string> {
    const { x, y } = await this.placeOf(text);
    const hovers = this.page.locator(".monaco-hover:visible, .workbench-hover:visible");
    return await until(
      `a hover on "${text}" with ${including}`,
      async () => {
        // A move that leaves and comes back: a hover does not open again under a mouse that never moved.
        if ((await hovers.count()) === 0) {
          await this.page.mouse.move(x, y + 300);
          await this.page.mouse.move(x, y, { steps: 2 });
          await hovers.first().waitFor({ timeout: 3_000 }).catch(ignoreTimeout);
        }
        const shown = (await hovers.allInnerTexts()).join("\n").replaceAll("\u00a0", " ").trim();
        return finds(including, shown) ? shown : undefined;
      },
      { seen: async () => await hovers.allInnerTexts() },
    );
  }

  /** Rests the mouse on a row, an item or a button and reads its tooltip; `including` waits for what comes late. */
  async tooltip(on: Locator, including: Text = /\S/): Promise<string> {
    const tooltips = this.page.locator(".workbench-hover:visible, .monaco-hover:visible");
    return await until(
      `a tooltip with ${including}`,
      async () => {
        await on.hover();
        await tooltips.first().waitFor({ timeout: 3_000 }).catch(ignoreTimeout);
        const shown = (await tooltips.allInnerTexts()).join("\n").replaceAll("\u00a0", " ").trim();
        return finds(including, shown) ? shown : undefined;
      },
      { seen: async () => await tooltips.allInnerTexts() },
    );
  }

  /** Takes the mouse off the text, so that no hover hides what a screenshot is about. */
  async unhover(): Promise<void> {
    await this.page.mouse.move(1, 1);
    await this.page.keyboard.press("Escape");
    await until(
      "the hover to go",
      async () => (await this.page.locator(".monaco-hover:visible").count()) === 0,
    );
  }

  /** Underlined places in the active editor, by severity. */
  squiggles(severity: "error" | "warning" | "info" | "hint" = "error"): Locator {
    return this.page.locator(`.editor-group-container.active .squiggly-${severity}`);
  }

  /** The images in the gutter of the active editor, each with the number of its line, from the top. */
  async gutterSigns(): Promise<readonly { readonly line: number; readonly image: string }[]> {
    return await this.page
      .locator(".editor-group-container.active .monaco-editor .margin")
      .first()
      .evaluate((margin) => {
        const boxes = (selector: string) => [...margin.querySelectorAll(selector)];
        const numbers = boxes(".line-numbers").map((element) => ({
          line: Number(element.textContent),
          top: element.getBoundingClientRect().top,
        }));
        const found: { line: number; image: string }[] = [];
        for (const sign of boxes(".glyph-margin-widgets .cgmr")) {
          const top = sign.getBoundingClientRect().top;
          const line = numbers.find((number) => Math.abs(number.top - top) < 4)?.line;
          const image = sign.ownerDocument.defaultView.getComputedStyle(sign).backgroundImage;
          if (line !== undefined && image !== "none") found.push({ line, image });
        }
        return found.sort((a, b) => a.line - b.line);
      });
  }

  /** Puts the cursor into the text and reads the titles of what can be done about it there. */
  async quickFixes(text: string): Promise<readonly string[]> {
    const rows = await this.#openQuickFixes(text);
    const titles = (await rows.allInnerTexts()).map((title) => title.trim());
    await this.page.keyboard.press("Escape");
    await rows.first().waitFor({ state: "detached" });
    return titles;
  }

  /** Does one of the things that `quickFixes` lists. */
  async applyQuickFix(text: string, title: Text): Promise<void> {
    const rows = await this.#openQuickFixes(text);
    await rows.filter({ hasText: exactly(title) }).click();
    await rows.first().waitFor({ state: "detached" });
  }

  async #openQuickFixes(text: string): Promise<Locator> {
    await this.clickText(text);
    const rows = this.page.locator(".action-widget .monaco-list-row.action .title");
    await until(`the quick fixes at "${text}"`, async () => {
      // Asked while the click still moves the cursor, the list closes at once.
      await this.page.keyboard.press("Control+.");
      await rows.first().waitFor({ timeout: 2_000 }).catch(ignoreTimeout);
      return (await rows.count()) > 0;
    });
    return rows;
  }

  /** Asks for completions at the cursor and reads their labels, in order. The list stays open. */
  async completions(): Promise<readonly string[]> {
    await this.page.keyboard.press("Control+Space");
    const rows = this.page.locator(".suggest-widget.visible .monaco-list-row");
    await rows.first().waitFor();
    return await rows.locator(".label-name").allInnerTexts();
  }

  // Code lenses

  /** The titles of all lenses that the active editor shows, from the top. Icons are left out. */
  async lenses(): Promise<readonly string[]> {
    return await this.#lensLinks().evaluateAll((links) =>
      links
        .map((link) => ({
          box: link.getBoundingClientRect(),
          text: link.textContent.replaceAll("\u00a0", " ").trim(),
        }))
        // What stands between two lenses of a line is a span as well.
        .filter(({ text }) => text !== "|")
        .sort((a, b) => a.box.y - b.box.y || a.box.x - b.box.x)
        .map(({ text }) => text),
    );
  }

  /** Waits for a lens with this title. */
  async lens(title: Text): Promise<Locator> {
    const lens = this.#lensLinks()
      .filter({ hasText: exactly(title) })
      .first();
    await until(`the code lens ${title}`, async () => await lens.isVisible(), { seen: () => this.lenses() });
    return lens;
  }

  /**
   * Clicks a lens once VS Code has drawn it and leaves it alone: lenses are drawn anew when their provider says so or an
   * editor comes to the front, and a click on one that is being replaced runs nothing.
   */
  async clickLens(title: Text): Promise<void> {
    await until(`the code lens ${title} to stay`, async () => {
      // What VS Code remembers of a file it shows again at once, as text that runs nothing; links come with the answer.
      const link = (await this.lens(title)).and(this.page.locator("a"));
      const drawn = (await link.count()) === 0 ? null : await link.elementHandle();
      if (drawn === null) return false;
      const stays = await drawn.evaluate(
        (lens) =>
          new Promise<boolean>((resolve) => {
            const began = performance.now();
            const timer = setInterval(() => {
              if (lens.isConnected && performance.now() - began < 400) return;
              clearInterval(timer);
              resolve(lens.isConnected);
            }, 20);
          }),
      );
      if (!stays) return false;
      try {
        await drawn.click({ timeout: 2_000 });
        return true;
      } catch (error) {
        // Replaced at the very moment: it is looked for again.
        if (error instanceof Error && /not attached|Timeout/.test(error.message)) return false;
        throw error;
      }
    });
  }

  #lensLinks(): Locator {
    // A lens without a command is a span, one with a command a link.
    return this.page.locator(
      ".editor-group-container.active .codelens-decoration > a, .editor-group-container.active .codelens-decoration > span:not(:empty):not(.codicon)",
    );
  }

  // Palette, quick picks and input boxes

  get quickInput(): Locator {
    return this.page.locator(".quick-input-widget:visible");
  }

  #choiceRows(): Locator {
    return this.quickInput.locator(".quick-input-list .monaco-list-row");
  }

  async #openQuickInput(keys: string): Promise<void> {
    await until(`the list that ${keys} opens`, async () => {
      // Right after a start, the key may come before the workbench listens.
      await this.page.keyboard.press(keys);
      await this.quickInput.locator("input[type=text]").waitFor({ timeout: 2_000 }).catch(ignoreTimeout);
      return await this.quickInput.isVisible();
    });
  }

  /** Runs a command by its whole title in the palette, such as `Reprod: Run Target`. */
  async run(title: string): Promise<void> {
    await this.#openQuickInput("F1");
    await this.quickInput.locator("input[type=text]").fill(`>${title}`);
    await this.pick(title);
  }

  /** The titles that the palette offers for this text. */
  async palette(text: string): Promise<readonly string[]> {
    await this.#openQuickInput("F1");
    await this.quickInput.locator("input[type=text]").fill(`>${text}`);
    const rows = this.#choiceRows();
    await rows.first().waitFor();
    const titles = await this.quickInput.locator(".monaco-list-row .label-name").allInnerTexts();
    await this.dismiss();
    return titles;
  }

  /** What the open quick pick or input box shows. */
  async readQuickInput(): Promise<QuickInput> {
    const widget = this.quickInput;
    await widget.waitFor();
    const input = widget.locator("input[type=text]").first();
    const textOf = async (selector: string) => {
      const found = widget.locator(selector);
      return (await found.count()) === 0 ? "" : (await found.first().innerText()).trim();
    };
    return {
      title: await textOf(".quick-input-title"),
      placeholder: (await input.getAttribute("placeholder")) ?? "",
      value: await input.inputValue(),
      message: await textOf(".quick-input-message"),
      choices: await this.#choiceRows().evaluateAll((rows) =>
        rows.map((row) => {
          const text = (selector: string) =>
            (row.querySelector(selector)?.textContent ?? "").replaceAll("\u00a0", " ").trim();
          return {
            label: text(".quick-input-list-label .label-name"),
            description: text(".quick-input-list-label .label-description"),
            detail: text(".quick-input-list-label-meta"),
          };
        }),
      ),
    };
  }

  /** Waits for a choice with this label in the open quick pick and takes it. */
  async pick(label: Text): Promise<void> {
    const row = this.#choiceRows().filter({
      has: this.page.locator(".label-name", { hasText: exactly(label) }),
    });
    await until(`the choice ${label}`, async () => await row.first().isVisible(), {
      seen: async () => (await this.readQuickInput()).choices.map((choice) => choice.label),
    });
    await row.first().click();
  }

  /** Waits for the quick pick or input box with this title. */
  async pickShown(title: Text): Promise<void> {
    await this.quickInput.locator(".quick-input-title", { hasText: exactly(title) }).waitFor();
  }

  /** Writes into the open input box and accepts. */
  async answer(text: string): Promise<void> {
    const input = this.quickInput.locator("input[type=text]").first();
    await input.fill(text);
    await input.press("Enter");
  }

  /** Closes the open quick pick or input box. */
  async dismiss(): Promise<void> {
    await until("the quick input to close", async () => {
      if (!(await this.quickInput.isVisible())) return true;
      await this.page.keyboard.press("Escape");
      return undefined;
    });
  }

  // Views

  /** Opens a view container by the name on its icon in the activity bar. */
  async openContainer(name: string): Promise<void> {
    const icon = this.page
      .locator(".activitybar")
      .getByRole("tab", { name: new RegExp(`^${escaped(name)}\\b`) });
    await icon.waitFor();
    if ((await icon.getAttribute("aria-selected")) !== "true") await icon.click();
    await this.page.locator(".part.sidebar .composite.viewlet").first().waitFor();
  }

  /** The pane of a view, by the name in its header. */
  view(name: string): Locator {
    return this.page.locator(".pane").filter({
      has: this.page.locator(`.pane-header[aria-label^=${JSON.stringify(name)}]`),
    });
  }

  /** Unfolds a view's pane when it is folded. */
  async openView(name: string): Promise<void> {
    const header = this.view(name).locator(".pane-header").first();
    await header.waitFor({ state: "attached" });
    if ((await header.getAttribute("aria-expanded")) === "false") await header.click();
    await this.view(name).locator(".pane-body").first().waitFor();
  }

  /** The rows that a view shows, from the top. Rows out of sight are not there: make the window tall. */
  async rows(view: string): Promise<readonly Row[]> {
    return await this.view(view)
      .locator(".pane-body .monaco-list-row")
      .evaluateAll((rows) =>
        rows
          .map((row) => {
            const text = (selector: string) =>
              (row.querySelector(selector)?.textContent ?? "").replaceAll("\u00a0", " ").trim();
            const expanded = row.getAttribute("aria-expanded");
            const icon = row.querySelector(".custom-view-tree-node-item-icon");
            return {
              top: Number.parseFloat(row.style.top),
              row: {
                label: text(".label-name"),
                description: text(".label-description"),
                level: Number(row.getAttribute("aria-level")),
                expanded: expanded === null ? undefined : expanded === "true",
                selected: row.classList.contains("selected"),
                spoken: row.getAttribute("aria-label") ?? "",
                icon: /codicon-([\w-]+)/.exec(icon?.className ?? "")?.[1],
              },
            };
          })
          .sort((a, b) => a.top - b.top)
          .map(({ row }) => row),
      );
  }

  /** Waits for a row with this label, and with this description where one is given. */
  async row(view: string, label: Text, description?: Text): Promise<Locator> {
    const labelled = this.view(view)
      .locator(".pane-body .monaco-list-row")
      .filter({ has: this.page.locator(".label-name", { hasText: exactly(label) }) });
    const found = (
      description === undefined
        ? labelled
        : labelled.filter({ has: this.page.locator(".label-description", { hasText: exactly(description) }) })
    ).first();
    await until(
      `the row ${label}${description === undefined ? "" : ` ${description}`} of ${view}`,
      () => found.isVisible(),
      {
        seen: async () => (await this.rows(view)).map((row) => [row.label, row.description]),
      },
    );
    return found;
  }

  /** Unfolds a row. */
  async expand(view: string, label: Text): Promise<void> {
    const row = await this.row(view, label);
    if ((await row.getAttribute("aria-expanded")) === "false")
      await row.locator(".monaco-tl-twistie").click();
    await row.and(this.page.locator("[aria-expanded=true]")).waitFor();
  }

  /** The names of a row's inline actions. */
  async rowActions(view: string, label: Text): Promise<readonly string[]> {
    const row = await this.row(view, label);
    await row.hover();
    return await row
      .locator(".actions .action-label")
      .evaluateAll((actions) =>
        actions
          .map((action) => action.getAttribute("aria-label") ?? action.textContent)
          .filter((name) => name !== ""),
      );
  }

  /** Presses one of a row's inline actions. */
  async pressRowAction(view: string, label: Text, action: string): Promise<void> {
    const row = await this.row(view, label);
    await row.hover();
    await row.locator(".actions").getByRole("button", { name: action, exact: true }).click();
  }

  /** Presses an action in the title of a view. */
  async pressViewAction(view: string, action: string): Promise<void> {
    // With one view in the container, its actions are in the container's title.
    const header = this.view(view).locator(".pane-header");
    await header.hover({ force: true });
    const button = header
      .or(this.page.locator(".part.sidebar > .title"))
      .getByRole("button", { name: action, exact: true });
    await button.first().click();
  }

  /** Opens a row's context menu and reads its entries; `chooseFromMenu` takes one, Escape closes it. */
  async openRowMenu(view: string, label: Text): Promise<readonly string[]> {
    await (await this.row(view, label)).click({ button: "right" });
    return await this.menu();
  }

  /** The entries of the open menu. */
  async menu(): Promise<readonly string[]> {
    const entries = this.page.locator(".context-view .monaco-menu .action-menu-item .action-label");
    await entries.first().waitFor();
    return (await entries.allInnerTexts()).map((entry) => entry.trim());
  }

  /** Takes an entry of the open menu. */
  async chooseFromMenu(entry: string): Promise<void> {
    const item = this.page
      .locator(".context-view .monaco-menu .action-menu-item")
      .filter({ has: this.page.locator(".action-label", { hasText: exactly(entry) }) });
    await item.waitFor();
    await until(`the menu to close after "${entry}"`, async () => {
      // A menu takes no click in its first moment: else the release of the button that opened it would choose.
      if ((await item.count()) > 0) await item.click({ timeout: 1_000 }).catch(ignoreTimeout);
      await item.waitFor({ state: "detached", timeout: 500 }).catch(ignoreTimeout);
      return (await item.count()) === 0;
    });
  }

  /** The text that an empty view shows instead of rows. */
  async welcome(view: string): Promise<string> {
    const welcome = this.view(view).locator(".welcome-view-content");
    await until(`the welcome text of ${view}`, async () => (await welcome.innerText()).trim() !== "");
    return (await welcome.innerText()).trim();
  }

  // Messages

  /** Where notifications show: as toasts, or in the list that the bell opens. */
  #notificationItems(): Locator {
    return this.page.locator(
      ".notification-toast .notification-list-item, .notifications-center.visible .notification-list-item",
    );
  }

  /** The notifications that are on the screen, newest last. */
  async notifications(): Promise<readonly Notification[]> {
    const shown = await this.#notificationItems().evaluateAll((items): Notification[] =>
      items.map((item) => ({
        severity:
          (["error", "warning"] as const).find((name) => item.querySelector(`.codicon-${name}`) !== null) ??
          "info",
        message: (item.querySelector(".notification-list-item-message")?.textContent ?? "").trim(),
        buttons: [...item.querySelectorAll(".notification-list-item-buttons-container .monaco-button")].map(
          (button) => button.textContent.trim(),
        ),
      })),
    );
    return shown.reverse();
  }

  /** Waits for a notification with this message. */
  async notification(message: Text): Promise<Notification> {
    const started = performance.now();
    const bell = this.page.locator("[id='status.notifications'] .codicon-bell-dot");
    const center = this.page.locator(".notifications-center.visible");
    return await until(
      `the notification ${message}`,
      async () => {
        const found = (await this.notifications()).find((shown) => finds(message, shown.message));
        if (found !== undefined) return found;
        // Of more than three messages within 0.8 s, VS Code shows the rest only in the list behind the bell. Tests are
        // that quick, people are not.
        if (performance.now() > started + 1_500 && (await bell.count()) > 0 && (await center.count()) === 0)
          await bell.click();
        return undefined;
      },
      { seen: async () => await this.notifications() },
    );
  }

  async pressNotification(message: Text, button: string): Promise<void> {
    await this.notification(message);
    const text = typeof message === "string" ? new RegExp(escaped(message)) : message;
    await this.#notificationItems()
      .filter({ has: this.page.locator(".notification-list-item-message", { hasText: text }) })
      .first()
      .getByRole("button", { name: button, exact: true })
      .click();
  }

  /** Takes all notifications away. */
  async clearNotifications(): Promise<void> {
    await this.run("Notifications: Clear All Notifications");
    await until("the notifications to go", async () => (await this.notifications()).length === 0);
  }

  /** Waits for a modal dialog and reads it. */
  async dialog(): Promise<Dialog> {
    const box = this.page.locator(".monaco-dialog-box");
    await box.waitFor();
    const textOf = async (selector: string) => {
      const found = box.locator(selector);
      return (await found.count()) === 0 ? "" : (await found.first().innerText()).trim();
    };
    return {
      message: await textOf(".dialog-message-text"),
      detail: await textOf(".dialog-message-detail"),
      buttons: (await box.locator(".dialog-buttons .monaco-button").allInnerTexts()).map((text) =>
        text.trim(),
      ),
    };
  }

  /** Presses a button of the modal dialog and waits until it is gone. */
  async pressDialog(button: string): Promise<void> {
    const box = this.page.locator(".monaco-dialog-box");
    await box.locator(".dialog-buttons").getByRole("button", { name: button, exact: true }).click();
    await box.waitFor({ state: "detached" });
  }

  // Problems, status bar, output

  /** Opens the list of problems and reads its rows. */
  async problems(): Promise<readonly string[]> {
    const panel = this.page.locator(".markers-panel");
    if (!(await panel.isVisible())) await this.page.keyboard.press("Control+Shift+M");
    await panel.waitFor();
    return (await panel.locator(".monaco-list-row").allInnerTexts()).map((text) =>
      text.replace(/\s+/g, " ").trim(),
    );
  }

  /** Waits until the list of problems has such a row. */
  async problem(text: Text): Promise<string> {
    return await until(
      `the problem ${text}`,
      async () => (await this.problems()).find((row) => finds(text, row)),
      {
        seen: async () => await this.problems(),
      },
    );
  }

  /** The item of the status bar that shows this text. */
  statusItem(text: Text): Locator {
    return this.page.locator(".statusbar-item:visible").filter({ hasText: text });
  }

  /** What the status bar's items show, and what a screen reader says of them. */
  async status(): Promise<readonly { readonly text: string; readonly spoken: string }[]> {
    return await this.page.locator(".statusbar-item:visible").evaluateAll((items) =>
      items.map((item) => ({
        text: item.textContent.replaceAll("\u00a0", " ").trim(),
        spoken: item.querySelector("a")?.getAttribute("aria-label") ?? "",
      })),
    );
  }

  /** The frame of the webview or preview that is in the active editor; its content is two frames deep. */
  webview() {
    return this.page.frameLocator("iframe.webview.ready:visible").frameLocator("iframe#active-frame");
  }

  /** Leaves menus, dialogs and lists that a failed test left open, for the sake of the next one. */
  async escape(): Promise<void> {
    for (let times = 0; times < 3; times++) await this.page.keyboard.press("Escape");
  }

  // What a person looks at afterwards

  /** Takes a picture of the window; returns its path. */
  async screenshot(name: string): Promise<string> {
    const file = path.join(screenshotFolder(), this.options.screenshots ?? "", `${name}.png`);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    // Toasts and hovers fade in.
    await this.page.waitForTimeout(300);
    await this.page.screenshot({ path: file });
    return file;
  }

  /** Says all that is known after a failure: a picture, what the page complained of, and the ends of the logs. */
  async report(name: string): Promise<void> {
    const picture = await this.screenshot(`failed/${name}`).catch((error: unknown) => `no picture: ${error}`);
    console.error(
      [
        `--- screenshot: ${picture}`,
        ...(this.#complaints.length === 0 ? [] : ["--- the page's errors", ...this.#complaints]),
        this.server.logs(),
      ].join("\n"),
    );
  }
}

/** What every window complains of: parts of the product that a server has not, and web builds of other extensions. */
const usual =
  /^Failed to load resource|bad HTTP response code|Service Worker\]|Activating extension 'vscode\.|authentication provider 'github'/;

/** Git-ignored; `REPROD_SCREENSHOTS` names another folder. */
export function screenshotFolder(): string {
  return path.resolve(root, process.env.REPROD_SCREENSHOTS ?? "out/screenshots");
}

/** The address of a file for the window: the server's files are remote to it. */
export const remote = (server: Server, file: string) =>
  `vscode-remote://${server.authority}${path.resolve(file)}`;

export function windowAddress(
  server: Server,
  workspace: string,
  payload: readonly (readonly string[])[],
): string {
  const query = new URLSearchParams({
    [workspace.endsWith(".code-workspace") ? "workspace" : "folder"]: workspace,
    payload: JSON.stringify(payload),
  });
  return `${server.address}/?${query}`;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Playwright finds a string anywhere and in any case: here a string means the whole text. */
const exactly = (text: Text) => (typeof text === "string" ? new RegExp(`^\\s*${escaped(text)}\\s*$`) : text);

const finds = (wanted: Text, text: string) =>
  typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);

function ignoreTimeout(error: unknown): void {
  if (!(error instanceof Error && error.name === "TimeoutError")) throw error;
}
