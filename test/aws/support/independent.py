"""Reads the settings files of a project folder with boto3 alone, and looks for every id in them in the account.

Prints {file: {key: answer}} as JSON, where an answer is "found", "missing", "no id" (a name of a file, an address, a
number) or "unrecognised". An id is known by its form or by its key, not by what our code knows of groups.
"""

import json
import os
import re
import sys
from urllib.parse import urlparse

import boto3
from botocore.exceptions import ClientError

FILES = [
    "environment-settings.json",
    "storage-settings.json",
    "network-settings.json",
    "key-pair-settings.json",
    "cluster-settings.json",
    "lambda-settings.json",
    "endpoints-settings.json",
    "compute-environments.json",
    "repositories-settings.json",
]


def aws(service):
    return boto3.client(service)


def ec2(call, answer, field, parameter):
    """A finder of an EC2 resource by its id or name."""
    return lambda id: any(i[field] == id for i in getattr(aws("ec2"), call)(**{parameter: [id]})[answer])


def cluster(id):
    found = aws("ecs").describe_clusters(clusters=[id])["clusters"]
    return any(c["status"] == "ACTIVE" and id in (c["clusterArn"], c["clusterName"]) for c in found)


def log_group(name):
    name = name.removesuffix(":*")
    found = aws("logs").describe_log_groups(logGroupNamePrefix=name.split(":log-group:")[-1])["logGroups"]
    return any(name in (g["logGroupName"], g["arn"], g["arn"].removesuffix(":*")) for g in found)


def role(arn):
    return aws("iam").get_role(RoleName=arn.split("/")[-1])["Role"]["Arn"] == arn


def instance_profile(id):
    found = aws("iam").get_instance_profile(InstanceProfileName=id.split("/")[-1])["InstanceProfile"]
    return id in (found["Arn"], found["InstanceProfileName"])


def policy(arn):
    return aws("iam").get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


def function(arn):
    return aws("lambda").get_function(FunctionName=arn)["Configuration"]["FunctionArn"] == arn


def bucket(name):
    aws("s3").head_bucket(Bucket=name.removeprefix("arn:aws:s3:::"))
    return True


def api(id):
    return aws("apigatewayv2").get_api(ApiId=id)["ApiId"] == id


def api_url(url):
    """The address of an API: of a stand-in, whatever it is, the id is what counts."""
    host = urlparse(url).hostname or ""
    return api(host.split(".")[0]) if ".execute-api." in host else None


def compute_environment(id):
    found = aws("batch").describe_compute_environments(computeEnvironments=[id])["computeEnvironments"]
    return any(id in (c["computeEnvironmentArn"], c["computeEnvironmentName"]) for c in found)


def job_queue(id):
    found = aws("batch").describe_job_queues(jobQueues=[id])["jobQueues"]
    return any(id in (q["jobQueueArn"], q["jobQueueName"]) for q in found)


def repository(id):
    name = id.split("/", 1)[-1]
    found = aws("ecr").describe_repositories(repositoryNames=[name])["repositories"]
    return any(id in (r["repositoryUri"], r["repositoryArn"]) for r in found)


def rule(arn):
    return aws("events").describe_rule(Name=arn.split("/")[-1])["Arn"] == arn


def task_definition(arn):
    return aws("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]["taskDefinitionArn"] == arn


BY_FORM = [
    (r"vpc-[0-9a-f]+", ec2("describe_vpcs", "Vpcs", "VpcId", "VpcIds")),
    (r"subnet-[0-9a-f]+", ec2("describe_subnets", "Subnets", "SubnetId", "SubnetIds")),
    (r"sg-[0-9a-f]+", ec2("describe_security_groups", "SecurityGroups", "GroupId", "GroupIds")),
    (
        r"igw-[0-9a-f]+",
        ec2("describe_internet_gateways", "InternetGateways", "InternetGatewayId", "InternetGatewayIds"),
    ),
    (r"rtb-[0-9a-f]+", ec2("describe_route_tables", "RouteTables", "RouteTableId", "RouteTableIds")),
    (r"vpce-[0-9a-f]+", ec2("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", "VpcEndpointIds")),
    (r"key-[0-9a-f]+", ec2("describe_key_pairs", "KeyPairs", "KeyPairId", "KeyPairIds")),
    (r"lt-[0-9a-f]+", ec2("describe_launch_templates", "LaunchTemplates", "LaunchTemplateId", "LaunchTemplateIds")),
    (r"arn:aws:iam::\d{12}:role/.+", role),
    (r"arn:aws:iam::\d{12}:instance-profile/.+", instance_profile),
    (r"arn:aws:iam::(\d{12}|aws):policy/.+", policy),
    (r"arn:aws:lambda:[^:]+:\d{12}:function:.+", function),
    (r"arn:aws:ecs:[^:]+:\d{12}:cluster/.+", cluster),
    (r"arn:aws:ecs:[^:]+:\d{12}:task-definition/.+", task_definition),
    (r"arn:aws:logs:[^:]+:\d{12}:log-group:.+", log_group),
    (r"arn:aws:batch:[^:]+:\d{12}:compute-environment/.+", compute_environment),
    (r"arn:aws:batch:[^:]+:\d{12}:job-queue/.+", job_queue),
    (r"arn:aws:ecr:[^:]+:\d{12}:repository/.+", repository),
    (r"arn:aws:events:[^:]+:\d{12}:rule/.+", rule),
    (r"arn:aws:s3:::[^/]+", bucket),
    (r"\d{12}\.dkr\.ecr\.[^/]+/.+", repository),
]

BY_KEY = [
    (r".*_bucket|bucket", bucket),
    (r"key_name", ec2("describe_key_pairs", "KeyPairs", "KeyName", "KeyNames")),
    (r"cluster_name", cluster),
    (r"log_group(_name)?", log_group),
    (r"api_id", api),
    (r"url|api_url|endpoint", api_url),
    (r"compute_environment(_name)?", compute_environment),
    (r"job_queue(_name)?", job_queue),
    (r"(.*_)?instance_profile(_name)?", instance_profile),
]

NO_ID = r"key_file|region|account|account_id|availability_zones?|state|type|version"


def answer(key, value):
    if value is None or isinstance(value, (bool, int, float)) or re.fullmatch(NO_ID, key):
        return "no id"
    for text, table in ((value, BY_FORM), (key, BY_KEY)):
        for pattern, find in table:
            if not re.fullmatch(pattern, text):
                continue
            try:
                found = find(value)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if not re.search(r"NotFound|NoSuch|NotExist|404|Malformed|ClientException", code):
                    raise
                found = False
            return "no id" if found is None else "found" if found else "missing"
    return "unrecognised"


def walk(value, path, key, answers):
    """`key` is the name nearest to the value: of `subnet_ids.1` that is `subnet_ids`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            walk(inner, f"{path}.{name}" if path else name, name, answers)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            walk(inner, f"{path}.{at}", key, answers)
    else:
        answers[path] = answer(key, value)


folder = sys.argv[1]
result = {}
for name in FILES:
    file = os.path.join(folder, name)
    if not os.path.exists(file):
        continue
    with open(file, encoding="utf-8") as opened:
        settings = json.load(opened)
    # What our code keeps for itself.
    settings.pop("reprod", None)
    result[name] = {}
    walk(settings, "", "", result[name])
print(json.dumps(result))
