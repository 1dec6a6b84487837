create table "countersign_rate_limit" (
  "key" text not null primary key,
  "count" integer not null,
  "until" integer not null
);
