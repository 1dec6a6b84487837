create table "countersign_outbox" (
  "id" text not null primary key,
  "kind" text not null,
  "recipient" text not null,
  "content" text,
  "createdAt" bigint not null,
  "expiresAt" bigint not null,
  "nextAt" bigint,
  "attempts" bigint not null,
  "sentAt" bigint,
  "lastError" text
);

create index "countersign_outbox_nextAt_idx" on "countersign_outbox" ("nextAt");
