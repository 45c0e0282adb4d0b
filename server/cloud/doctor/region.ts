import { hasFargate, isKnownRegion, REGIONS_AS_OF } from "../regions.js";
import type { Check } from "./check.js";

export const region: Check = {
  id: "region",
  title: "Region",
  run: async ({ account: { region } }) => {
    if (hasFargate(region)) return [{ outcome: "ok", what: `${region} has Fargate` }];
    const fix = "Choose another region with --region, AWS_REGION or in the profile.";
    return isKnownRegion(region)
      ? [
          {
            outcome: "failed",
            what: `there is no Fargate in this region: "${region}"`,
            why: `AWS's list of ${REGIONS_AS_OF} does not have it, and tasks run on Fargate.`,
            fix,
          },
        ]
      : [
          {
            outcome: "warning",
            what: `this region is not on the list of ${REGIONS_AS_OF}: "${region}"`,
            why: "It may be newer than this version of Reprod; whether it has Fargate is not known.",
            fix,
          },
        ];
  },
};
