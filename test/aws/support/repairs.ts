import type { Call, Request } from "./calls.js";

/** What moto would have to keep for what is mended here; all ways into an account share it. */
export interface Repairs {
  /** Policies of buckets, by bucket. */
  readonly policies: Map<string, string>;
  /** What the caller may not do, as `iam:SimulatePrincipalPolicy` tells it: `ec2:CreateVpc`. */
  readonly lacks: Set<string>;
  /** Quotas by `service/code`. */
  readonly quotas: Map<string, number>;
}

export interface Answered {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | string[] | number | undefined };
  readonly body: Buffer;
}

type Forward = (request: Request) => Promise<Answered>;

export function newRepairs(): Repairs {
  return {
    policies: new Map(),
    lacks: new Set(),
    // Of a new account.
    quotas: new Map([
      ["fargate/L-3032A538", 6],
      ["fargate/L-36FBB829", 6],
      ["ec2/L-1216C47A", 5],
      ["ec2/L-34B43A08", 5],
      ["iam/L-FE177D64", 1000],
      ["s3/L-DC2B2D3D", 10_000],
    ]),
  };
}

/** Asks moto, and makes good what it does not know or gets wrong though our code rests on it. */
export async function askRepaired(
  call: Call,
  request: Request,
  repairs: Repairs,
  forward: Forward,
): Promise<Answered> {
  const path = new URL(request.url, "http://host").pathname;
  const bucket = path.split("/")[1] ?? "";
  switch (call.name) {
    case "s3:PutBucketPolicy": {
      // moto reads neither conditions nor principals: any Deny would be one of everybody, also of us.
      const policy = call.body.toString("utf8");
      if (!isPolicy(policy)) return malformedPolicy;
      const answer = await forward({ ...request, body: neutralPolicy(bucket) });
      if (answer.status < 300) repairs.policies.set(bucket, policy);
      return answer;
    }
    case "s3:GetBucketPolicy": {
      const answer = await forward(request);
      const policy = repairs.policies.get(bucket);
      return answer.status === 200 && policy !== undefined ? withBody(answer, policy) : answer;
    }
    case "s3:CreateBucket": {
      // moto does not hear of tags at creation.
      const answer = await forward(request);
      const tags = /<Tags>(.*)<\/Tags>/s.exec(call.body.toString("utf8"))?.[1];
      if (answer.status === 200 && tags !== undefined)
        await forward({
          ...request,
          url: `/${bucket}?tagging`,
          body: Buffer.from(`<Tagging><TagSet>${tags}</TagSet></Tagging>`),
        });
      return answer;
    }
    case "s3:ListObjectVersions":
    case "s3:ListMultipartUploads": {
      // moto does not hear of the encoding of keys, and writes what is not XML.
      const answer = await forward(request);
      const asked = new URL(request.url, "http://host").searchParams.get("encoding-type");
      if (answer.status !== 200 || asked !== "url") return answer;
      const text = answer.body
        .toString("utf8")
        .replace(/<Key>([^<]*)<\/Key>/g, (_, key: string) => `<Key>${encodedKey(key)}</Key>`)
        .replace(/<\/[^<>/]+>\s*$/, (end) => `<EncodingType>url</EncodingType>${end}`);
      return withBody(answer, text);
    }
    case "apigateway:UpdateStage": {
      // moto has no such action, but puts a new stage in the place of one with the same name.
      return changeStage(path, request, forward, () => call.params);
    }
    case "apigateway:DeleteRouteSettings": {
      // Nor this one.
      const [stage = "", route = ""] = path.split("/routesettings/");
      const changed = await changeStage(stage, request, forward, ({ routeSettings }) => {
        const { [decodeURIComponent(route)]: _, ...others } = Object(routeSettings);
        return { routeSettings: others };
      });
      return changed.status < 300 ? { ...changed, status: 204, body: Buffer.alloc(0) } : changed;
    }
    case "lambda:GetFunctionEventInvokeConfig":
    case "lambda:ListFunctionEventInvokeConfigs":
    case "lambda:PutFunctionEventInvokeConfig": {
      // moto keeps the first for ever, and writes a date where Lambda writes seconds, which the SDK cannot read.
      if (request.method === "PUT") await forward({ ...request, method: "DELETE", body: Buffer.alloc(0) });
      const answer = await forward(request);
      const text = answer.body
        .toString("utf8")
        .replace(
          /("LastModified": ?)"([^"]+)"/g,
          (_, key: string, date: string) => `${key}${Date.parse(date) / 1000}`,
        );
      return withBody(answer, text);
    }
    case "iam:SimulatePrincipalPolicy": {
      const results = Object.entries(call.params)
        .filter(([name]) => name.startsWith("ActionNames.member."))
        .map(([, action]) => String(action))
        .map(
          (action) =>
            `<member><EvalActionName>${action}</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>${repairs.lacks.has(action) ? "implicitDeny" : "allowed"}</EvalDecision></member>`,
        );
      return answered(
        "text/xml",
        `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>${results.join("")}</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`,
      );
    }
    case "servicequotas:GetServiceQuota": {
      const { ServiceCode, QuotaCode } = call.params;
      const Value = repairs.quotas.get(`${ServiceCode}/${QuotaCode}`);
      if (Value === undefined) return forward(request);
      const Quota = { ServiceCode, QuotaCode, Value, Unit: "None", Adjustable: true, GlobalQuota: false };
      return answered("application/x-amz-json-1.1", JSON.stringify({ Quota }));
    }
    case "batch:CreateComputeEnvironment": {
      // moto wants a role for what Batch makes under its service-linked role, which Batch makes when it is missing.
      if (call.params.serviceRole !== undefined) return forward(request);
      const serviceRole = await batchRole(request, forward);
      return forward({ ...request, body: Buffer.from(JSON.stringify({ ...call.params, serviceRole })) });
    }
    case "batch:DeleteJobQueue":
      return (await isEnabled("describejobqueues", "jobQueues", call.params.jobQueue, request, forward))
        ? refused("Cannot delete, job queue must be in DISABLED state")
        : forward(request);
    case "batch:DeleteComputeEnvironment": {
      const one = call.params.computeEnvironment;
      return (await isEnabled("describecomputeenvironments", "computeEnvironments", one, request, forward))
        ? refused("Cannot delete, compute environment must be in DISABLED state")
        : forward(request);
    }
    default:
      return forward(request);
  }
}

/** As S3 encodes a key; out of moto's XML. */
function encodedKey(key: string): string {
  const entities: { readonly [name: string]: string } = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
  const text = key.replace(
    /&(?:#(x?)([0-9a-fA-F]+)|(\w+));/g,
    (all, hex: string, code: string, name: string) =>
      name === undefined
        ? String.fromCodePoint(Number.parseInt(code, hex === "x" ? 16 : 10))
        : (entities[name] ?? all),
  );
  return encodeURIComponent(text).replaceAll("%2F", "/").replaceAll("%20", "+");
}

async function changeStage(
  url: string,
  request: Request,
  forward: Forward,
  change: (stage: { readonly [key: string]: unknown }) => { readonly [key: string]: unknown },
): Promise<Answered> {
  const stage = await forward({ ...request, method: "GET", url, body: Buffer.alloc(0) });
  if (stage.status !== 200) return stage;
  const now = Object(JSON.parse(stage.body.toString("utf8")));
  const body = Buffer.from(JSON.stringify({ ...now, ...change(now) }));
  return forward({ ...request, method: "POST", url: url.slice(0, url.lastIndexOf("/")), body });
}

async function batchRole(request: Request, forward: Forward): Promise<string | undefined> {
  const ask = async (form: { readonly [name: string]: string }): Promise<string | undefined> => {
    const body = Buffer.from(new URLSearchParams({ Version: "2010-05-08", ...form }).toString());
    const headers = {
      ...request.headers,
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(body.length),
      authorization: request.headers.authorization?.replace("/batch/aws4_request", "/iam/aws4_request"),
    };
    const answer = await forward({ method: "POST", url: "/", headers, body });
    return /<Arn>([^<]+)<\/Arn>/.exec(answer.body.toString("utf8"))?.[1];
  };
  return (
    (await ask({ Action: "GetRole", RoleName: "AWSServiceRoleForbatch" })) ??
    (await ask({ Action: "CreateServiceLinkedRole", AWSServiceName: "batch.amazonaws.com" }))
  );
}

/** moto deletes queues and environments in any state, which Batch refuses. */
async function isEnabled(
  action: string,
  key: string,
  id: unknown,
  request: Request,
  forward: Forward,
): Promise<boolean> {
  const body = Buffer.from(JSON.stringify({ [key]: [id] }));
  const answer = await forward({ ...request, url: `/v1/${action}`, body });
  return answer.status === 200 && /"state": ?"ENABLED"/.test(answer.body.toString("utf8"));
}

function refused(message: string): Answered {
  return {
    ...answered("application/json", JSON.stringify({ message })),
    status: 400,
    headers: { "content-type": "application/json", "x-amzn-errortype": "ClientException" },
  };
}

function answered(type: string, text: string): Answered {
  const body = Buffer.from(text);
  return { status: 200, headers: { "content-type": type, "content-length": body.length }, body };
}

function withBody(answer: Answered, text: string): Answered {
  const body = Buffer.from(text);
  return { ...answer, headers: { ...answer.headers, "content-length": body.length }, body };
}

const malformedPolicy: Answered = {
  ...answered(
    "application/xml",
    "<Error><Code>MalformedPolicy</Code><Message>Policies must be valid JSON and the first byte must be '{'</Message></Error>",
  ),
  status: 400,
};

function isPolicy(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "Statement" in value;
  } catch {
    return false;
  }
}

function neutralPolicy(bucket: string): Buffer {
  const Statement = [
    { Effect: "Allow", Principal: "*", Action: "s3:*", Resource: `arn:aws:s3:::${bucket}/*` },
  ];
  return Buffer.from(JSON.stringify({ Version: "2012-10-17", Statement }));
}
