-- Printed by better-auth 1.7.25 (getMigrations(options).compileMigrations()) with the plugins jwt, bearer and admin and names of one's own.
create table "people" ("id" text not null primary key, "full_name" text not null, "mail_address" text not null unique, "emailVerified" integer not null, "image" text, "createdAt" date not null, "updatedAt" date not null, "user_role" text, "banned" integer, "banReason" text, "ban_ends_at" date);

create table "visits" ("id" text not null primary key, "ends_at" date not null, "token" text not null unique, "createdAt" date not null, "updatedAt" date not null, "ipAddress" text, "userAgent" text, "person_id" text not null references "people" ("id") on delete cascade, "impersonatedBy" text);

create table "logins" ("id" text not null primary key, "accountId" text not null, "providerId" text not null, "person_id" text not null references "people" ("id") on delete cascade, "accessToken" text, "refreshToken" text, "idToken" text, "accessTokenExpiresAt" date, "refreshTokenExpiresAt" date, "scope" text, "password" text, "createdAt" date not null, "updatedAt" date not null);

create table "proofs" ("id" text not null primary key, "identifier" text not null, "value" text not null, "expiresAt" date not null, "createdAt" date not null, "updatedAt" date not null);

create table "signing_keys" ("id" text not null primary key, "publicKey" text not null, "privateKey" text not null, "createdAt" date not null, "expiresAt" date, "alg" text, "crv" text);

create index "visits_person_id_idx" on "visits" ("person_id");

create index "logins_person_id_idx" on "logins" ("person_id");

create index "proofs_identifier_idx" on "proofs" ("identifier");
