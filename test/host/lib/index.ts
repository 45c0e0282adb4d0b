export { closeBrowser } from "./browser.js";
export * from "./editor.js";
export { extensionFolder, hostFolder, Missing, out, root } from "./locate.js";
export { type Ended, reprod } from "./program.js";
export {
  type Extension,
  manifestOf,
  type Server,
  type ServerOptions,
  startServer,
  type Theme,
  type Trust,
  themes,
} from "./server.js";
export { type EditorStep, editorSuite, editorTest } from "./suite.js";
export { patience, until } from "./until.js";
export { examples, makeWorkspace, type Workspace, type WorkspaceSource } from "./workspace.js";
