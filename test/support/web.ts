import * as http from "node:http";
import type { TestContext } from "node:test";
import { listening } from "./listening.js";

export type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A web server on this machine, gone after the test. `paths` may be changed while it runs. */
export interface Web {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly paths: Map<string, Answer>;
  /** Method and path of each request, in order. */
  readonly requests: string[];
}

export async function startWeb(
  test: TestContext,
  paths: { readonly [path: string]: Answer } = {},
): Promise<Web> {
  const answers = new Map(Object.entries(paths));
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    requests.push(request.url ?? "");
    const answer = answers.get((request.url ?? "").split("?")[0] ?? "");
    if (answer === undefined) response.writeHead(404).end("not here");
    else answer(request, response);
  });
  return { url: `http://${await listening(test, server)}`, paths: answers, requests };
}

/** Sends these bytes with status 200. */
export function sends(body: string | Uint8Array, headers: http.OutgoingHttpHeaders = {}): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-length": Buffer.byteLength(body), ...headers }).end(body);
  };
}

export function status(code: number, headers: http.OutgoingHttpHeaders = {}): Answer {
  return (_request, response) => {
    response.writeHead(code, headers).end();
  };
}
