import * as vscode from "vscode";

/** The settings that the client reads. The server reads its own; the manifest has them all with the same defaults. */
const defaults = {
  "gutter.enabled": true as boolean,
  saveBeforeRun: true as boolean,
  "pages.open": "preview" as string,
  profile: "" as string,
  region: "" as string,
  "runs.show": 50 as number,
};

type Settings = typeof defaults;

/** A setting of `reprod.`; its default where somebody wrote a value of another type. */
export function setting<Name extends keyof Settings>(
  name: Name,
  scope?: vscode.ConfigurationScope,
): Settings[Name] {
  const value: unknown = vscode.workspace.getConfiguration("reprod", scope).get(name);
  return hasType(value, defaults[name]) ? value : defaults[name];
}

function hasType<Value>(value: unknown, example: Value): value is Value {
  return typeof value === typeof example;
}
