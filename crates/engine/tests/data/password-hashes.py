"""Writes password-hashes.json: hashes as the libraries other systems use make them.

    python -m venv place && place/bin/pip install argon2-cffi==25.1.0 bcrypt==5.0.0 passlib==1.7.4 django==5.2.19
    npm install --prefix place bcryptjs@3.0.3
    place/bin/python password-hashes.py > password-hashes.json

The two Firebase rows are published ones: the example in the README of firebase/scrypt, and the one the tests of
Supabase Auth hold. Salts are fixed, so a second run writes the same file.
"""

import base64, json, pathlib, subprocess, sys

import bcrypt, django, passlib
from argon2.low_level import Type, hash_secret
from django.conf import settings
from passlib.hash import pbkdf2_sha1, pbkdf2_sha256, pbkdf2_sha512, scrypt

settings.configure()
django.setup()
from django.contrib.auth import hashers

PASSWORD = "correct horse 🐎 Überfall"
# NFC and NFD of one word, and a ligature that NFKC takes apart.
COMPOSED, DECOMPOSED, LIGATURE = "h\u00fcnter22", "hu\u0308nter22", "of\ufb01ce hours"
LONG = "x" * 72 + "the tail"
SALT = bytes(range(16))
rows = []


def row(made_by, scheme, password, stored):
    rows.append({"made_by": made_by, "scheme": scheme, "password": password, "stored": stored})


def argon(kind, name, password, **cost):
    made = hash_secret(password.encode(), SALT, cost["t"], cost["m"], cost["p"], 32, kind, version=cost.get("v", 19))
    row("argon2-cffi 25.1.0", name, password, made.decode())


argon(Type.ID, "argon2id", PASSWORD, t=3, m=65536, p=4)
argon(Type.ID, "argon2id", PASSWORD, t=2, m=19456, p=1)
argon(Type.ID, "argon2id", PASSWORD, t=1, m=64, p=1)
argon(Type.ID, "argon2id", LIGATURE, t=1, m=64, p=1)
argon(Type.I, "argon2i", PASSWORD, t=3, m=1024, p=2)
argon(Type.ID, "argon2id", PASSWORD, t=1, m=64, p=1, v=16)

BCRYPT_SALT = b"abcdefghijklmnopqrstuu"
for prefix in (b"2a", b"2b", b"2y"):
    made = bcrypt.hashpw(PASSWORD.encode(), b"$" + prefix + b"$06$" + BCRYPT_SALT)
    row(f"bcrypt {bcrypt.__version__}", "bcrypt", PASSWORD, made.decode())
row(f"bcrypt {bcrypt.__version__}", "bcrypt", COMPOSED, bcrypt.hashpw(COMPOSED.encode(), b"$2b$06$" + BCRYPT_SALT).decode())
row(f"bcrypt {bcrypt.__version__}", "bcrypt", DECOMPOSED, bcrypt.hashpw(DECOMPOSED.encode(), b"$2b$06$" + BCRYPT_SALT).decode())
script = f"console.log(require('bcryptjs').hashSync({json.dumps(LONG)}, '$2b$06${BCRYPT_SALT.decode()}'))"
place = pathlib.Path(sys.prefix)
made = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True, cwd=place)
row("bcryptjs 3.0.3, which hashes the first 72 bytes", "bcrypt", LONG, made.stdout.strip())

for hasher, name in [
    (hashers.PBKDF2PasswordHasher(), "pbkdf2"),
    (hashers.PBKDF2SHA1PasswordHasher(), "pbkdf2"),
    (hashers.ScryptPasswordHasher(), "scrypt"),
]:
    row(f"Django {django.__version__}", name, PASSWORD, hasher.encode(PASSWORD, "zXh4jNqv2PfPv0fG1yRw3T"))
for hasher, name in [(hashers.BCryptSHA256PasswordHasher(), "bcrypt"), (hashers.BCryptPasswordHasher(), "bcrypt")]:
    row(f"Django {django.__version__}", name, PASSWORD, hasher.encode(PASSWORD, b"$2b$06$" + BCRYPT_SALT))
row(f"Django {django.__version__}", "argon2id", PASSWORD, hashers.Argon2PasswordHasher().encode(PASSWORD, "zXh4jNqv2PfPv0fG1yRw3T"))

# 0xfb 0xff make a plus and a slash of base64, which passlib writes as a dot and a slash.
ODD = b"\xfb\xff\xbe" * 5
for maker, name in [(pbkdf2_sha256, "pbkdf2"), (pbkdf2_sha512, "pbkdf2"), (pbkdf2_sha1, "pbkdf2")]:
    row(f"passlib {passlib.__version__}", name, PASSWORD, maker.using(rounds=1200, salt=ODD).hash(PASSWORD))
row(f"passlib {passlib.__version__}", "scrypt", PASSWORD, scrypt.using(rounds=10, block_size=8, salt=SALT).hash(PASSWORD))

phc = lambda octets: base64.b64encode(octets).decode().rstrip("=")
import hashlib
for digest, length in [("sha256", 32), ("sha512", 64), ("sha1", 20)]:
    key = hashlib.pbkdf2_hmac(digest, PASSWORD.encode(), SALT, 4096, length)
    row("hashlib of Python, written as a PHC string", "pbkdf2", PASSWORD, f"$pbkdf2-{digest}$i=4096,l={length}${phc(SALT)}${phc(key)}")

row(
    "README of firebase/scrypt", "firebase-scrypt", "user1password",
    "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
    "$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
)
row(
    "tests of Supabase Auth", "firebase-scrypt", "mytestpassword",
    "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw=="
    "$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==",
)

json.dump(rows, sys.stdout, indent=1)
print()
