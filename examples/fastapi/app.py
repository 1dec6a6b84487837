"""An API that admits Countersign's access tokens: it asks nobody, and refuses within a second who is suspended or signed out."""
import asyncio, contextlib, os, time
import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from refusals import Follower

URL = os.environ["COUNTERSIGN_URL"].rstrip("/") + "/api/auth/revocations"
CREDENTIAL = os.environ["COUNTERSIGN_FEED_CREDENTIAL"]  # `countersign token feed` prints it
SECRET = os.environ["BETTER_AUTH_SECRET"]  # or `token.secret`, where that is set
MAX_STALENESS = 30.0  # seconds without word from the server's database, after which nobody is admitted

follower = Follower()


@contextlib.asynccontextmanager
async def lifespan(_):
    task = asyncio.create_task(follower.follow(URL, CREDENTIAL))
    yield
    task.cancel()


async def caller(bearer: HTTPAuthorizationCredentials = Depends(HTTPBearer())):
    if time.monotonic() - follower.as_of > MAX_STALENESS:
        raise HTTPException(503, "it is not known who is refused", {"Retry-After": "1"})
    try:
        claims = jwt.decode(bearer.credentials, SECRET, ["HS256"], {"require": ["exp", "iat", "sub"]}, leeway=5)
    except jwt.InvalidTokenError:
        claims = None
    if not claims or claims["exp"] <= time.time() or follower.known.refuse(claims, time.time()):
        raise HTTPException(401, "the token is refused", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return claims


app = FastAPI(lifespan=lifespan)


@app.get("/me")
async def me(claims: dict = Depends(caller)):
    return {"id": claims["sub"], "email": claims.get("email")}
