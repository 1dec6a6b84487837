create table "countersign_session" (
  "sessionId" id[session] not null primary key references {session} ({session.id}) on delete cascade,
  "generation" integer not null default 0,
  "dontRemember" integer not null default 0
);

create table "countersign_audit" (
  "id" text not null primary key,
  "at" date not null,
  "event" text not null,
  "userId" text,
  "sessionId" text,
  "address" text,
  "detail" text
);

create index "countersign_audit_userId_at_idx" on "countersign_audit" ("userId", "at");

create trigger "countersign_audit_no_update" before update on "countersign_audit"
begin
  select raise(abort, 'the audit log is append-only');
end;
