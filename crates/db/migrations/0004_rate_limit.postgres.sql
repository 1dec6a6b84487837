-- Not written ahead: what a crash takes is worth a minute at most, and each attempt to sign in writes here.
create unlogged table "countersign_rate_limit" (
  "key" text not null primary key,
  "count" integer not null,
  "until" bigint not null
);
