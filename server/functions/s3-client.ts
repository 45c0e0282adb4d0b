import { S3, type S3ClientConfig } from "@aws-sdk/client-s3";
import { asFields } from "./event.js";

/**
 * S3 as the functions ask it. Lambda brings its own SDK, and one that is older than a parameter passes it over in
 * silence: then a create would overwrite. So conditions are put on requests here, whatever the SDK knows of them
 * (`CopyObject` takes one since October 2025 only).
 */
export function makeS3(config: S3ClientConfig): S3 {
  const s3 = new S3(config);
  s3.middlewareStack.add(
    (next) => (args) => {
      const { IfNoneMatch, IfMatch } = asFields(args.input);
      const { headers } = asFields(args.request);
      if (typeof headers === "object" && headers !== null) {
        if (typeof IfNoneMatch === "string") Reflect.set(headers, "if-none-match", IfNoneMatch);
        if (typeof IfMatch === "string") Reflect.set(headers, "if-match", IfMatch);
      }
      return next(args);
    },
    // Before it is signed.
    { step: "build", name: "reprodConditions" },
  );
  return s3;
}
