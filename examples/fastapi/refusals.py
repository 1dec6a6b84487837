"""Who is refused, kept right by following a Countersign server. docs/revocations.md describes the stream."""
import asyncio, json, logging, time
import httpx


class Refusals:
    """Who is refused, at one place in the feed: (kind, subject) -> (since, until). What is over goes when there is twice as much."""
    def __init__(self):
        self.held, self.room = {}, 1000

    def apply(self, change):
        is_on = change["kind"] == "user_on"
        until = 0 if is_on else float("inf") if change["until"] is None else change["until"]
        self.held["user_off" if is_on else change["kind"], change["subject"]] = (change["since"] or 0, until)
        if len(self.held) > self.room:
            self.held = {key: span for key, span in self.held.items() if span[1] > time.time()}
            self.room = 2 * len(self.held) + 1000

    def refuse(self, claims, now):
        off, ended, before, token = map(self.held.get, (
            ("user_off", claims["sub"]), ("session_revoked", sid := claims.get("sid")),
            ("user_tokens_before", claims["sub"] if sid is None else None), ("token_revoked", claims.get("jti"))))
        return (off and now < off[1]) or (ended and now >= ended[0]) or (before and claims["iat"] < before[0]) or token


class Follower:
    """Keeps the refusals right, in a task. A snapshot is used once the heartbeat after it has said how old it is."""
    known, staged, position, as_of = None, None, None, float("-inf")

    async def follow(self, url, credential):
        wait = 0.1
        while True:
            headers = {"Authorization": f"Bearer {credential}"} | ({"Last-Event-ID": self.position} if self.known else {})
            try:
                async with httpx.AsyncClient(timeout=5) as client, client.stream("GET", url, headers=headers) as answer:
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
