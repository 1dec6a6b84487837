"""An API that admits Countersign's access tokens and asks nobody on a request, yet refuses within a second whom the
server suspended, deleted or signed out. The stream it follows is described in docs/revocations.md."""
import asyncio, contextlib, json, logging, os, time
import httpx, jwt
from fastapi import Depends, FastAPI, Header, HTTPException

URL = os.environ["COUNTERSIGN_URL"].rstrip("/") + "/api/auth/revocations"
CREDENTIAL = os.environ["COUNTERSIGN_FEED_CREDENTIAL"]  # `countersign token feed` prints it
SECRET = os.environ["BETTER_AUTH_SECRET"]  # or `token.secret`, where that is set
MAX_STALENESS = 30.0  # seconds without word from the server's database, after which nobody is admitted


class Refusals:
    """Who is refused, at one place in the feed: (kind, subject) -> (since, until)."""
    def __init__(self):
        self.held = {}

    def apply(self, change):
        kind, subject = change["kind"], change["subject"]
        if kind == "user_on":
            self.held.pop(("user_off", subject), None)
        else:
            self.held[kind, subject] = (change["since"] or 0, change["until"])

    def refuse(self, claims, now):
        off, ended, before, token = (self.held.get(key) for key in (
            ("user_off", claims["sub"]), ("session_revoked", claims.get("sid")),
            ("user_tokens_before", claims["sub"]), ("token_revoked", claims.get("jti"))))
        return ((off and (off[1] is None or now < off[1])) or (ended and now >= ended[0])
                or (before and claims["iat"] < before[0]) or token)


class Follower:
    """Keeps the refusals right, in a task. A snapshot is used once the heartbeat after it has said how old it is."""
    known, staged, position, as_of = None, None, None, float("-inf")

    async def follow(self):
        wait = 0.1
        while True:
            headers = {"Authorization": f"Bearer {CREDENTIAL}"} | ({"Last-Event-ID": self.position} if self.known else {})
            try:
                async with httpx.AsyncClient(timeout=5) as client, client.stream("GET", URL, headers=headers) as answer:
                    answer.raise_for_status()
                    self.staged, unread = None, b""
                    async for piece in answer.aiter_bytes():
                        *events, unread = (unread + piece).split(b"\n\n")
                        for event in events:
                            self.take(dict(line.split(": ", 1) for line in event.decode().split("\n")))
                        wait = 0.1
            except (httpx.HTTPError, ValueError, KeyError) as error:
                logging.warning("the refusals are not followed at the moment: %r", error)
            await asyncio.sleep(wait)
            wait = min(2 * wait, 5.0)

    def take(self, event):
        data = json.loads(event["data"])
        if event["event"] == "heartbeat":
            self.known, self.staged = self.staged or self.known, None
            self.position, self.as_of = event["id"], time.monotonic() - data["age_ms"] / 1000
        elif event["event"] == "snapshot":
            self.staged = self.staged or Refusals()
            for change in data["changes"]:
                self.staged.apply(change)
        else:
            (self.staged or self.known).apply(data)
            self.position = self.position if self.staged else event["id"]


follower = Follower()


@contextlib.asynccontextmanager
async def lifespan(_):
    task = asyncio.create_task(follower.follow())
    yield
    task.cancel()


async def caller(authorization: str = Header("")):
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
    if time.monotonic() - follower.as_of > MAX_STALENESS:
        raise HTTPException(503, "it is not known who is refused", {"Retry-After": "1"})
    try:
        claims = jwt.decode(token.strip(), SECRET, ["HS256"], {"require": ["exp", "iat", "sub"]}, leeway=5)
    except jwt.InvalidTokenError:
        claims = None
    if not claims or claims["exp"] <= time.time() or follower.known.refuse(claims, time.time()):
        raise HTTPException(401, "the token is refused", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return claims


app = FastAPI(lifespan=lifespan)


@app.get("/me")
async def me(claims: dict = Depends(caller)):
    return {"id": claims["sub"], "email": claims.get("email")}
