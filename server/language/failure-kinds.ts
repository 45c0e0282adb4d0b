/** The words of `retry { on: […] }`: why an attempt ended without a result. */
export const failureKinds = [
  "ScriptFailed",
  "OutOfMemory",
  "Timeout",
  "OutMissing",
  "OutInvalid",
  "InputChanged",
  "InputModified",
  "DiskFull",
  "StartFailed",
  "SpotInterruption",
  "NoCapacity",
  "ImageNotFound",
  "PermissionDenied",
  "StageFailed",
  "Lost",
  "Cancelled",
] as const;
