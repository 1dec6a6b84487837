-- Printed by better-auth 1.7.25 as the file beside this one was, with the additional fields of tests/schema.rs:
-- the tables they belong to as they are created, and what is added where those were there before.
create table "user" ("id" text not null primary key, "name" text not null, "email" text not null unique, "emailVerified" boolean not null, "image" text, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz default CURRENT_TIMESTAMP not null, "role" text, "banned" boolean, "banReason" text, "banExpires" timestamptz, "nick" text, "city" text not null, "plan" text not null, "score" integer, "vip" boolean, "born" timestamptz, "tags" jsonb, "marks" jsonb, "hidden_column" text);

create table "session" ("id" text not null primary key, "expiresAt" timestamptz not null, "token" text not null unique, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz not null, "ipAddress" text, "userAgent" text, "userId" text not null references "user" ("id") on delete cascade, "impersonatedBy" text, "theme" text, "visits" integer not null);

alter table "user" add column "nick" text;

alter table "user" add column "city" text not null;

alter table "user" add column "plan" text default 'it''s free' not null;

alter table "user" add column "score" integer default 3;

alter table "user" add column "vip" boolean default false;

alter table "user" add column "born" timestamptz;

alter table "user" add column "tags" jsonb;

alter table "user" add column "marks" jsonb;

alter table "user" add column "hidden_column" text;

alter table "session" add column "theme" text;

alter table "session" add column "visits" integer default 0 not null;
