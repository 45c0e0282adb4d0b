/** What VS Code inserts of a snippet when nobody types into it: each place with its default or first choice. */
export function expandSnippet(body: string): string {
  const defaults = new Map<string, string>();
  // Twice: a place may be used before the one that says its default.
  expand(body, defaults);
  return expand(body, defaults);
}

function expand(body: string, defaults: Map<string, string>): string {
  let at = 0;
  const read = (nested: boolean): string => {
    let text = "";
    while (at < body.length && !(nested && body[at] === "}")) {
      const rest = body.slice(at);
      const escaped = /^\\([$}\\])/.exec(rest);
      const plain = /^\$(\d+)/.exec(rest);
      const choice = /^\$\{(\d+)\|([^,|]*)[^|]*\|\}/.exec(rest);
      const place = /^\$\{(\d+)(:?)/.exec(rest);
      if (escaped !== null) {
        text += escaped[1] ?? "";
        at += 2;
      } else if (choice !== null) {
        at += choice[0].length;
        text += choice[2] ?? "";
      } else if (place !== null) {
        const [opening, name = ""] = place;
        at += opening.length;
        const value = read(true);
        at++;
        if (value !== "") defaults.set(name, value);
        text += defaults.get(name) ?? "";
      } else if (plain !== null) {
        at += plain[0].length;
        text += defaults.get(plain[1] ?? "") ?? "";
      } else {
        text += body[at] ?? "";
        at++;
      }
    }
    return text;
  };
  return read(false);
}
