"""Prints which action each HTTP request of the REST services is, as JSON, from botocore's models of the services.

One entry: [method, path, what the query must have, which headers it must have, action].
"""

import json

import botocore.session

session = botocore.session.get_session()
table = {}
for service in ("s3", "lambda", "apigatewayv2", "batch"):
    model = session.get_service_model(service)
    entries = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        # S3 has older actions by the same path, which no client of today sends.
        if operation.deprecated:
            continue
        path, _, query = operation.http["requestUri"].partition("?")
        needs = [part for part in query.split("&") if part]
        headers = []
        shape = operation.input_shape
        for member in shape.required_members if shape else []:
            place = shape.members[member].serialization
            if place.get("location") == "querystring":
                needs.append(place["name"])
            if place.get("location") == "header":
                headers.append(place["name"].lower())
        entries.append([operation.http["method"], path, needs, headers, name])
    table[model.signing_name] = entries
print(json.dumps(table))
