create table "countersign_outbox" (
  "id" text not null primary key,
  "kind" text not null,
  "recipient" text not null,
  "content" text,
  "createdAt" integer not null,
  "expiresAt" integer not null,
  "nextAt" integer,
  "attempts" integer not null,
  "sentAt" integer,
  "lastError" text
);

create index "countersign_outbox_nextAt_idx" on "countersign_outbox" ("nextAt");
