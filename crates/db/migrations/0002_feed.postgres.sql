create table "countersign_feed" (
  "seq" bigint generated always as identity primary key,
  "kind" text not null,
  "subject" text not null,
  "since" bigint,
  "until" bigint,
  "at" bigint not null
);

create index "countersign_feed_at_idx" on "countersign_feed" ("at");

create table "countersign_epoch" ("epoch" text not null primary key);

insert into "countersign_epoch" ("epoch") values (substr(md5(random()::text || clock_timestamp()::text), 1, 16));
