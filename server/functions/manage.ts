import type { S3 } from "@aws-sdk/client-s3";
import { version } from "../../package.json";
import { type Context, type Handler, logDefect, refusal } from "./entry.js";
import { asFields } from "./event.js";
import { makeS3 } from "./s3-client.js";
import { readSettings, regionOf, type Settings } from "./settings.js";

/** An answer as API Gateway takes it (payload format 2.0). */
export interface Answer {
  readonly statusCode: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

export interface ManageParts {
  readonly s3: S3;
  readonly region: string;
  readonly settings: Settings<"project" | "buildBucket" | "tmpBucket">;
}

interface Request {
  /** What stands in the path for `{name}`: already of the pattern that the route says. */
  readonly path: { readonly [name: string]: string };
  readonly parts: ManageParts;
  readonly signal: AbortSignal;
}

interface Reply {
  readonly status: number;
  readonly body: { readonly [name: string]: unknown };
}

interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: RegExp;
  answer(request: Request): Promise<Reply>;
}

/** One line a route. Parts of a path are named groups, whose patterns let through what may become part of a key. */
const routes: readonly Route[] = [{ method: "GET", path: /^\/health$/, answer: health }];

let made: Handler<Answer> | undefined;

export const handler: Handler<Answer> = async (event, context) => {
  try {
    made ??= manage({
      s3: makeS3({}),
      region: regionOf(),
      settings: readSettings(["project", "buildBucket", "tmpBucket"]),
    });
  } catch (error) {
    return broken(error, context);
  }
  return made(event, context);
};

/** Answers the endpoints. Whoever asks has been let in by IAM; what goes wrong in here is told to nobody (D10). */
export function manage(parts: ManageParts): Handler<Answer> {
  return async (event, context) => {
    try {
      const { rawPath, requestContext } = asFields(event);
      const { http, stage } = asFields(requestContext);
      const { method } = asFields(http);
      const path = withoutStage(typeof rawPath === "string" ? rawPath : "", stage);
      const fitting = routes.filter((route) => route.path.test(path));
      if (fitting.length === 0)
        return refused(404, "not-found", "there is nothing at this path of the endpoints");
      const route = fitting.find((one) => one.method === method);
      if (route === undefined) {
        const allow = fitting.map((one) => one.method).join(", ");
        return refused(405, "method-not-allowed", `this path answers to ${allow} only`, { allow });
      }
      const signal = AbortSignal.timeout(Math.max(1, Math.floor(context.getRemainingTimeInMillis()) - 1_000));
      const { status, body } = await route.answer({
        path: { ...route.path.exec(path)?.groups },
        parts,
        signal,
      });
      return answer(status, body);
    } catch (error) {
      return broken(error, context);
    }
  };
}

/** A stage with a name stands in front of every path. */
function withoutStage(path: string, stage: unknown): string {
  return typeof stage === "string" && stage !== "$default" && path.startsWith(`/${stage}/`)
    ? path.slice(stage.length + 1)
    : path;
}

async function health({ parts: { s3, settings, region }, signal }: Request): Promise<Reply> {
  const reachable = async (Bucket: string): Promise<boolean> =>
    s3.headBucket({ Bucket }, { abortSignal: signal }).then(
      () => true,
      () => false,
    );
  const [build, tmp] = await Promise.all([reachable(settings.buildBucket), reachable(settings.tmpBucket)]);
  return {
    status: build && tmp ? 200 : 503,
    body: { version, project: settings.project, region, buckets: { build, tmp } },
  };
}

function broken(error: unknown, context: Context): Answer {
  // A failure is no defect, but what it says is of the inside too: the log has it, the caller has the id.
  if (refusal(error, context).error.code !== "defect") logDefect(error, context);
  return refused(
    500,
    "internal",
    `the endpoints are broken: their log has why under ${context.awsRequestId}`,
  );
}

function refused(
  status: number,
  code: string,
  message: string,
  headers: { readonly [name: string]: string } = {},
): Answer {
  return answer(status, { error: { code, message } }, headers);
}

function answer(
  statusCode: number,
  body: { readonly [name: string]: unknown },
  headers: { readonly [name: string]: string } = {},
): Answer {
  return {
    statusCode,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    },
    body: JSON.stringify(body),
  };
}
