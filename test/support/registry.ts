import { createHash } from "node:crypto";
import type { TestContext } from "node:test";
import { startWeb, status, type Web } from "./web.js";

/** A stand-in for an OCI registry: the parts of the distribution API that resolving an image asks for. */
export interface StandInRegistry {
  readonly web: Web;
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** Puts a manifest or blob; its digest. */
  put(repository: string, kind: "manifests" | "blobs", content: unknown, tag?: string, type?: string): string;
}

export const INDEX = "application/vnd.oci.image.index.v1+json";
export const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** `login`: requests without the token of `/token` get 401, as on Docker Hub. */
export async function startRegistry(test: TestContext, login = false): Promise<StandInRegistry> {
  const web = await startWeb(test);
  web.paths.set("/token", (request, response) => {
    const asked = new URL(request.url ?? "", web.url).searchParams;
    response.end(JSON.stringify({ token: `${asked.get("service")} ${asked.get("scope")}` }));
  });
  const host = web.url.slice("http://".length);
  const put: StandInRegistry["put"] = (repository, kind, content, tag, type = INDEX) => {
    const body = Buffer.from(typeof content === "string" ? content : JSON.stringify(content));
    const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
    for (const name of tag === undefined ? [digest] : [digest, tag]) {
      web.paths.set(`/v2/${repository}/${kind}/${name}`, (request, response) => {
        const wanted = `Bearer registry.test repository:${repository}:pull`;
        if (login && request.headers.authorization !== wanted) {
          const challenge = `Bearer realm="${web.url}/token",service="registry.test",scope="repository:${repository}:pull"`;
          status(401, { "www-authenticate": challenge })(request, response);
        } else {
          response.writeHead(200, { "content-type": type }).end(body);
        }
      });
    }
    return digest;
  };
  return { web, host, put };
}
