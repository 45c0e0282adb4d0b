import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as path from "node:path";
import type { TestContext } from "node:test";
import { listening } from "../../support/listening.js";

/** A proxy as an organisation has one between its machines and the world. */
export interface ForwardProxy {
  /** `127.0.0.1:3128` */
  readonly address: string;
  /** `CONNECT localhost:443` and `POST http://127.0.0.1:80/`, in order. */
  readonly asked: readonly string[];
  /** `Basic …` of each of them. */
  readonly authorizations: readonly (string | undefined)[];
  /** With what it answers instead of letting anything through. */
  refusing: number | undefined;
}

export async function startForwardProxy(test: TestContext): Promise<ForwardProxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const note = (request: http.IncomingMessage): void => {
    asked.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers["proxy-authorization"]);
  };
  const server = http.createServer((request, response) => {
    note(request);
    const onward = http.request(request.url ?? "", { method: request.method, headers: request.headers });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  server.on("connect", (request, socket, head) => {
    note(request);
    socket.on("error", () => {});
    if (proxy.refusing !== undefined) {
      const page = "<html>The network of this institute</html>";
      socket.end(
        `HTTP/1.1 ${proxy.refusing} ${http.STATUS_CODES[proxy.refusing]}\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
      );
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = net.connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
  });
  const proxy: ForwardProxy = {
    address: await listening(test, server),
    asked,
    authorizations,
    refusing: undefined,
  };
  return proxy;
}

/** Of `startTls`: for NODE_EXTRA_CA_CERTS. It is nobody's key but this test's. */
export const certificate = path.resolve("test/aws/support/localhost.pem");

/** The endpoint by HTTPS. */
export async function startTls(endpoint: string, test: TestContext): Promise<string> {
  const pem = readFileSync(certificate);
  const server = https.createServer({ key: pem, cert: pem }, (request, response) => {
    const onward = http.request(endpoint + (request.url ?? "/"), {
      method: request.method,
      headers: request.headers,
    });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  const [, port] = (await listening(test, server)).split(":");
  return `https://localhost:${port}`;
}
