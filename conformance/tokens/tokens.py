"""Says what PyJWT makes of tokens, and mints some: one JSON request per line in, one JSON answer per line out.

{"do": "verify", "token", "secret" | "jwk", "algorithm"}  ->  {"header", "claims"} or {"refused": reason}
{"do": "mint", "claims", "secret", "headers"}             ->  {"token"}
"""

import json
import sys

import jwt

DEMANDED = {"require": ["sub", "exp", "iat", "jti"]}


def verify(token, algorithm, secret=None, jwk=None):
    key = jwt.PyJWK(jwk).key if jwk else secret
    try:
        claims = jwt.decode(token, key, algorithms=[algorithm], options={**DEMANDED, "verify_aud": False})
    except jwt.InvalidTokenError as refused:
        return {"refused": type(refused).__name__}
    return {"header": jwt.get_unverified_header(token), "claims": claims}


def mint(claims, secret, headers=None):
    return {"token": jwt.encode(claims, secret, algorithm="HS256", headers=headers)}


ACTIONS = {"verify": verify, "mint": mint}

for line in sys.stdin:
    request = json.loads(line)
    action = ACTIONS[request.pop("do")]
    print(json.dumps(action(**request)), flush=True)
