import { type CancellationToken, LSPErrorCodes, ResponseError } from "vscode-languageserver/node";
import { Failure } from "../base/failure.js";
import { FAILURE_CODE, type FailureData } from "../protocol.js";

/** What a request is answered with when it cannot be done: an expected failure with its data, for the client to tell. */
export function responseError(failure: Failure): ResponseError<FailureData> {
  return new ResponseError<FailureData>(FAILURE_CODE, failure.message, failureData(failure));
}

export function failureData({ code, message, why, fix, place }: Failure): FailureData {
  return {
    code,
    message,
    ...(why !== undefined && { why }),
    ...(fix !== undefined && { fix }),
    ...(place !== undefined && { place }),
  };
}

/** The client gave the request up, or asked for something else meanwhile. */
export function cancelled(): ResponseError<void> {
  return new ResponseError(LSPErrorCodes.RequestCancelled, "the request was cancelled");
}

/** The text has changed while the answer was made: an answer about the old one would be put into the new one. */
export function outdated(): ResponseError<void> {
  return new ResponseError(LSPErrorCodes.ContentModified, "the text has changed since");
}

/** What a request is answered with that threw: an expected failure with its data, or a defect, which is logged. */
export function answerFor(
  error: unknown,
  token: CancellationToken,
  log: (defect: unknown) => void,
): ResponseError<unknown> {
  if (error instanceof ResponseError) return error;
  if (token.isCancellationRequested) return cancelled();
  if (error instanceof Failure) return responseError(error);
  log(error);
  return responseError(
    new Failure("defect", "Reprod has a defect here", {
      why: error instanceof Error ? error.message : String(error),
      fix: "Report it, with what the output channel says; nothing of yours is lost.",
    }),
  );
}

/** A signal for parts of the engine that know nothing of connections. */
export function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  else token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

export function untrusted(): Failure {
  return new Failure("untrusted-workspace", "this workspace is not trusted, so nothing of it is run", {
    why: "A pipeline runs the scripts that stand in it, as you.",
    fix: "Look at the scripts, then trust the workspace (in VS Code: Manage Workspace Trust).",
  });
}
