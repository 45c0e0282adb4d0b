import type * as http from "node:http";
import type * as https from "node:https";
import type { TestContext } from "node:test";
import { afterwards } from "./temporary.js";

/** Lets a server listen on this machine until the test is over. Returns its `127.0.0.1:<port>`. */
export async function listening(test: TestContext, server: http.Server | https.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterwards(test, () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return `127.0.0.1:${address.port}`;
}
