-- Printed by better-auth 1.7.25 (getMigrations(options).compileMigrations()) with the plugins jwt, bearer and admin and names of one's own.
create table "people" ("id" text not null primary key, "full_name" text not null, "mail_address" text not null unique, "emailVerified" boolean not null, "image" text, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz default CURRENT_TIMESTAMP not null, "user_role" text, "banned" boolean, "banReason" text, "ban_ends_at" timestamptz);

create table "visits" ("id" text not null primary key, "ends_at" timestamptz not null, "token" text not null unique, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz not null, "ipAddress" text, "userAgent" text, "person_id" text not null references "people" ("id") on delete cascade, "impersonatedBy" text);

create table "logins" ("id" text not null primary key, "accountId" text not null, "providerId" text not null, "person_id" text not null references "people" ("id") on delete cascade, "accessToken" text, "refreshToken" text, "idToken" text, "accessTokenExpiresAt" timestamptz, "refreshTokenExpiresAt" timestamptz, "scope" text, "password" text, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz not null);

create table "proofs" ("id" text not null primary key, "identifier" text not null, "value" text not null, "expiresAt" timestamptz not null, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz default CURRENT_TIMESTAMP not null);

create table "signing_keys" ("id" text not null primary key, "publicKey" text not null, "privateKey" text not null, "createdAt" timestamptz not null, "expiresAt" timestamptz, "alg" text, "crv" text);

create index "visits_person_id_idx" on "visits" ("person_id");

create index "logins_person_id_idx" on "logins" ("person_id");

create index "proofs_identifier_idx" on "proofs" ("identifier");
