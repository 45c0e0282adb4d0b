import * as http from "node:http";
import type { TestContext } from "node:test";
import { listening } from "../../support/listening.js";

export interface StsRequest {
  /** `GetCallerIdentity` */
  readonly action: string;
  /** Id of the key that signed; empty when nothing did. */
  readonly key: string;
  readonly parameters: URLSearchParams;
  readonly userAgent: string;
}

/** Stands for STS: says who a key is, and hands out roles. A stand-in: it checks no signature. */
export interface FakeSts {
  readonly url: string;
  readonly requests: StsRequest[];
  /** Instead of the answer; undefined for the usual one. May be changed while it runs. */
  refuse: (request: StsRequest) => { status: number; code: string; message: string } | undefined;
  /** Instead of any answer of STS: what a proxy or another program would send. */
  page: { status: number; type: string; body: string } | undefined;
  /** How long credentials of a role last. */
  lifetimeMilliseconds: number;
  /** Before each answer. */
  wait: () => Promise<void>;
}

export async function startSts(test: TestContext): Promise<FakeSts> {
  const requests: StsRequest[] = [];
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const parameters = new URLSearchParams(body);
    const asked: StsRequest = {
      action: parameters.get("Action") ?? "",
      key: /Credential=([^/]+)/.exec(request.headers.authorization ?? "")?.[1] ?? "",
      parameters,
      userAgent: String(request.headers["user-agent"]),
    };
    requests.push(asked);
    await fake.wait();
    if (fake.page !== undefined) {
      const { status, type, body: page } = fake.page;
      response.writeHead(status, { "content-type": type }).end(page);
      return;
    }
    const refused = fake.refuse(asked);
    if (refused !== undefined) {
      const { status, code, message } = refused;
      response
        .writeHead(status, { "content-type": "text/xml" })
        .end(
          `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`,
        );
      return;
    }
    response.writeHead(200, { "content-type": "text/xml" }).end(answer(asked, requests.length));
  });
  const answer = ({ action, key, parameters }: StsRequest, index: number): string => {
    const result =
      action === "GetCallerIdentity"
        ? `<Arn>arn:aws:iam::123456789012:user/${key}</Arn><UserId>U</UserId><Account>123456789012</Account>`
        : `<Credentials><AccessKeyId>${parameters.get("RoleArn")?.split("/")[1]}-${index}</AccessKeyId><SecretAccessKey>role-secret-${index}</SecretAccessKey><SessionToken>role-token-${index}</SessionToken><Expiration>${new Date(Date.now() + fake.lifetimeMilliseconds).toISOString()}</Expiration></Credentials>`;
    return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></${action}Response>`;
  };
  const fake: FakeSts = {
    url: `http://${await listening(test, server)}`,
    requests,
    refuse: () => undefined,
    page: undefined,
    lifetimeMilliseconds: 3_600_000,
    wait: async () => undefined,
  };
  return fake;
}
