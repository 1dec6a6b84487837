create table "countersign_feed" (
  "seq" integer not null primary key autoincrement,
  "kind" text not null,
  "subject" text not null,
  "since" integer,
  "until" integer,
  "at" integer not null
);

create index "countersign_feed_at_idx" on "countersign_feed" ("at");

create table "countersign_epoch" ("epoch" text not null primary key);

insert into "countersign_epoch" ("epoch") values (lower(hex(randomblob(8))));
