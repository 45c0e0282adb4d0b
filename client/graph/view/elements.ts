import type { Shape } from "../picture/shape.js";

type Given = { readonly [name: string]: string | number | boolean | undefined };

/** An element with attributes; `true` is an attribute without value, `false` and undefined are none. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Given,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  set(made, attributes);
  made.append(...children);
  return made;
}

export function set(target: Element, attributes: Given): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) target.removeAttribute(name);
    else target.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Texts become text nodes, so that no name can be markup. */
export function drawn({ tag, attributes, children }: Shape): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  for (const child of children) made.append(typeof child === "string" ? child : drawn(child));
  return made;
}

export function button(label: string, title: string, icon: string, act: () => void): HTMLButtonElement {
  const made = element(
    "button",
    { type: "button", class: "icon", "aria-label": label, title },
    drawn({
      tag: "svg",
      attributes: { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
      children: [{ tag: "path", attributes: { d: icon }, children: [] }],
    }),
  );
  made.addEventListener("click", act);
  return made;
}

/** Makes these the children, and moves only what is out of place: what moves loses the focus, so it is given back. */
export function arrange(parent: Element, children: readonly (HTMLElement | SVGElement)[]): void {
  const kept = new Set<Node>(children);
  for (const child of [...parent.childNodes]) if (!kept.has(child)) child.remove();
  const focused = children.find((child) => child.contains(document.activeElement));
  let place = parent.firstChild;
  for (const child of children) {
    if (child === place) place = place.nextSibling;
    else parent.insertBefore(child, place);
  }
  if (focused !== undefined && !focused.contains(document.activeElement))
    focused.focus({ preventScroll: true });
}
