"""Starts a server and the example beside it, and shows that who signs out or is suspended is refused there. Needs `requirements.txt`;
the argument is the `countersign` binary."""
import os, pathlib, re, secrets, subprocess, sys, tempfile, time

import httpx

HERE = pathlib.Path(__file__).parent
DEADLINE = 60.0


def until(what, condition):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if (found := condition()) is not None:
            return found
        time.sleep(0.01)
    raise SystemExit(f"not in time: {what}")


def status(url, token=None):
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(url, headers=headers, timeout=DEADLINE).status_code
    except httpx.TransportError:
        return None


def is_answered(wanted, *call):
    return lambda: True if status(*call) == wanted else None


def main(binary):
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        environment = os.environ | {"BETTER_AUTH_SECRET": secrets.token_hex(32), "PORT": "0"}
        output = open(place / "server.log", "w+")
        server = subprocess.Popen([binary, "serve"], cwd=place, env=environment, stdout=output)
        running = [server]
        try:
            said = lambda: re.search(r"open (\S+) ", (place / "server.log").read_text())
            url = until("the server", said).group(1)
            printed = subprocess.run([binary, "token", "feed"], cwd=place, env=environment, capture_output=True, check=True)
            environment |= {"COUNTERSIGN_URL": url, "COUNTERSIGN_FEED_CREDENTIAL": printed.stdout.decode().strip()}
            command = [sys.executable, "-m", "uvicorn", "--port", "0", "app:app"]
            heard = open(place / "api.log", "w+")
            running.append(subprocess.Popen(command, cwd=HERE, env=environment, stderr=heard))
            said_too = lambda: re.search(r"running on (\S+) ", (place / "api.log").read_text())
            me = until("the API", said_too).group(1) + "/me"

            ada = httpx.Client(base_url=url, headers={"Origin": url}, timeout=DEADLINE)
            person = {"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}
            assert ada.post("/api/auth/sign-up/email", json=person).status_code == 200
            token = ada.get("/api/auth/token").json()["token"]
            until("a token is admitted", is_answered(200, me, token))
            assert status(me) == 401 and status(me, token[:-4] + "AAAA") == 401
            begun = time.monotonic()
            assert ada.post("/api/auth/sign-out", json={}).status_code == 200
            until("who signed out is refused", is_answered(401, me, token))
            print(f"refused {1000 * (time.monotonic() - begun):.0f} ms after signing out")

            again = ada.post("/api/auth/sign-in/email", json=person)
            token = again.json()["token"]
            until("a new token is admitted", is_answered(200, me, token))
            command = [binary, "user", "suspend", person["email"]]
            subprocess.run(command, cwd=place, env=environment, stdout=subprocess.DEVNULL, check=True)
            begun = time.monotonic()
            until("who is suspended is refused", is_answered(401, me, token))
            print(f"refused {1000 * (time.monotonic() - begun):.0f} ms after the command that suspends has ended")
        finally:
            for process in running:
                process.terminate()
                process.wait()


main(str(pathlib.Path(sys.argv[1]).resolve()))
