import * as vscode from "vscode";
import { type PipelineView, pipelinesRequest } from "../server/protocol.js";
import type { Server } from "./server.js";

/** The pipelines of the workspace. Of several folders, paths begin with the folder: both may have a `main.reprod`. */
export async function pipelineViews(server: Pick<Server, "request">): Promise<readonly PipelineView[]> {
  const views = await server.request(pipelinesRequest, {});
  if ((vscode.workspace.workspaceFolders ?? []).length < 2) return views;
  return views.map((view) => ({
    ...view,
    path: vscode.workspace.asRelativePath(vscode.Uri.parse(view.uri)),
  }));
}
