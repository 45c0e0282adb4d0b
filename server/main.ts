import * as module from "node:module";
import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { serve } from "./lsp/serve.js";

// Compiled code is kept between starts where Node can do so (22.1 and newer, which editors' hosts have).
if ("enableCompileCache" in module && typeof module.enableCompileCache === "function")
  module.enableCompileCache();

/** The language server: `--stdio`, `--node-ipc` or `--socket=PORT`, as the client that starts it says. */
serve(createConnection(ProposedFeatures.all));
