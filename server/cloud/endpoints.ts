import { Failure } from "../base/failure.js";
import type { Clients } from "./clients.js";
import type { Section } from "./profiles.js";

/** The services as our clients name them. */
export type ServiceName = Exclude<keyof Clients, "isPlain" | "destroy">;

/** As AWS names them in `AWS_ENDPOINT_URL_<NAME>`, and in lower case in the `services` section of a profile. */
const names: { readonly [Service in ServiceName]: string } = {
  apiGateway: "APIGATEWAYV2",
  batch: "BATCH",
  ec2: "EC2",
  ecr: "ECR",
  ecs: "ECS",
  events: "EVENTBRIDGE",
  iam: "IAM",
  lambda: "LAMBDA",
  logs: "CLOUDWATCH_LOGS",
  quotas: "SERVICE_QUOTAS",
  s3: "S3",
  ssm: "SSM",
  sts: "STS",
};

/** Finds where a service is asked, when that is not AWS itself; undefined for AWS. */
export type EndpointOf = (service: ServiceName) => string | undefined;

/**
 * The order of AWS's own tools: variable of the service, variable for all, services section of the profile, profile.
 * The SDK does the same only for the profile in AWS_PROFILE, not for one that it is given, so we do all of it.
 */
export function endpointsOf(
  environment: NodeJS.ProcessEnv,
  profile: Section,
  services: ReadonlyMap<string, Section>,
): EndpointOf {
  const ignored = environment.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? profile.ignore_configured_endpoint_urls;
  if (ignored?.toLowerCase() === "true") return () => undefined;
  const section = profile.services === undefined ? undefined : services.get(profile.services);
  return (service) => {
    const name = names[service];
    const candidates: readonly (readonly [where: string, url: string | undefined])[] = [
      [`AWS_ENDPOINT_URL_${name}`, environment[`AWS_ENDPOINT_URL_${name}`]],
      ["AWS_ENDPOINT_URL", environment.AWS_ENDPOINT_URL],
      [`[services ${profile.services ?? ""}]`, section?.[`${name.toLowerCase()}.endpoint_url`]],
      ["endpoint_url of the profile", profile.endpoint_url],
    ];
    for (const [where, url] of candidates) if (url !== undefined && url !== "") return checked(url, where);
    return undefined;
  };
}

function checked(url: string, where: string): string {
  let parsed: URL | undefined;
  try {
    parsed = new URL(url);
  } catch {
    // Told below.
  }
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol)) return url;
  throw new Failure("aws-config-broken", `this is no address of a service: "${url}"`, {
    why: "Requests to AWS would be sent there.",
    fix: "Write it as https://host or http://host:port, or remove it.",
    place: where,
  });
}

/** Of every part of AWS that is open to all: its own domain, and the one of endpoints that also speak IPv6. */
const DOMAINS =
  /(?:^|\.)(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws|api\.amazonwebservices\.(?:com\.cn|eu))$/;

/** Whether AWS itself is there, or something that stands for it. */
export function isAws(endpoint: string | undefined): boolean {
  return endpoint === undefined || DOMAINS.test(new URL(endpoint).hostname);
}
