alter table "countersign_session" add column "advancedAt" date;
