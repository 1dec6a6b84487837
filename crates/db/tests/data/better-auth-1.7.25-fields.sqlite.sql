-- Printed by better-auth 1.7.25 as the file beside this one was, with the additional fields of tests/schema.rs:
-- the tables they belong to as they are created, and what is added where those were there before.
create table "user" ("id" text not null primary key, "name" text not null, "email" text not null unique, "emailVerified" integer not null, "image" text, "createdAt" date not null, "updatedAt" date not null, "role" text, "banned" integer, "banReason" text, "banExpires" date, "nick" text, "city" text not null, "plan" text not null, "score" integer, "vip" integer, "born" date, "tags" text, "marks" text, "hidden_column" text);

create table "session" ("id" text not null primary key, "expiresAt" date not null, "token" text not null unique, "createdAt" date not null, "updatedAt" date not null, "ipAddress" text, "userAgent" text, "userId" text not null references "user" ("id") on delete cascade, "impersonatedBy" text, "theme" text, "visits" integer not null);

alter table "user" add column "nick" text;

alter table "user" add column "city" text not null;

alter table "user" add column "plan" text default 'it''s free' not null;

alter table "user" add column "score" integer default 3;

alter table "user" add column "vip" integer default 0;

alter table "user" add column "born" date;

alter table "user" add column "tags" text;

alter table "user" add column "marks" text;

alter table "user" add column "hidden_column" text;

alter table "session" add column "theme" text;

alter table "session" add column "visits" integer default 0 not null;
