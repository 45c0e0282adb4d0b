import * as vscode from "vscode";

/** What is done sooner needs no message. */
const patience = 1500;

/** Shows that something is being done: in the view at once, and in a message that can cancel it if it takes long. */
export async function withPatience<Result>(
  title: string,
  view: string,
  task: (token: vscode.CancellationToken) => Promise<Result>,
): Promise<Result> {
  const source = new vscode.CancellationTokenSource();
  const work = task(source.token);
  const ended = work.then(
    () => undefined,
    () => undefined,
  );
  vscode.window.withProgress({ location: { viewId: view }, title }, () => ended);
  const timer = setTimeout(() => {
    vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (_progress, token) => {
        token.onCancellationRequested(() => source.cancel());
        return ended;
      },
    );
  }, patience);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    source.dispose();
  }
}
