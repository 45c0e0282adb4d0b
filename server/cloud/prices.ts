/**
 * What AWS charges for use, in US dollars: of us-east-1, from AWS's public price pages. Other regions cost up to a third
 * more. Data, so that a plan asks nothing of AWS; what it says is an order of magnitude and never a bill.
 */
export const PRICES_AS_OF = "2026-11";

/** aws.amazon.com/cloudwatch/pricing: logs of the standard class. */
export const LOGS_USE = "$0.50 per GB written";

/** aws.amazon.com/lambda/pricing: ARM, first tier. */
export const FUNCTIONS_USE = "$0.20 per million calls and $0.0000133334 per GB-second";

/** aws.amazon.com/api-gateway/pricing: HTTP APIs, first tier. */
export const ENDPOINTS_USE = "$1.00 per million calls";

/** aws.amazon.com/s3/pricing: S3 Standard, first 50 TB. */
export const STORAGE_USE = "$0.023 per GB and month";

/** aws.amazon.com/ecr/pricing: private repositories. */
export const IMAGES_USE = "$0.10 per GB and month";

/** aws.amazon.com/vpc/pricing: public IPv4 addresses in use. */
export const PUBLIC_ADDRESS_USE = "$0.005 per task and hour for its public address";

/** aws.amazon.com/ec2/spot/pricing and aws.amazon.com/ebs/pricing (gp3): machines of compute environments. */
export const EC2_SPOT_USE = "EC2 Spot prices while jobs run, and $0.08 per GB and month for disks meanwhile";
export const EC2_ON_DEMAND_USE = "EC2 prices while jobs run, and $0.08 per GB and month for disks meanwhile";

/** aws.amazon.com/fargate/pricing: Linux on x86. */
export const FARGATE_USE = "$0.04048 per vCPU-hour and $0.004445 per GB-hour while jobs run";
export const FARGATE_SPOT_USE =
  "Fargate Spot prices while jobs run: up to 70 % less than $0.04048 per vCPU-hour and $0.004445 per GB-hour";
