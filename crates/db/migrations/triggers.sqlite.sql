drop trigger if exists "countersign_session_deleted";
drop trigger if exists "countersign_session_updated";
drop trigger if exists "countersign_user_deleted";
drop trigger if exists "countersign_user_updated";

create trigger "countersign_session_deleted" after delete on {session}
when coalesce(ms[old.{session.expiresAt}] > ms[now], 1)
begin
  insert into "countersign_feed" ("kind", "subject", "since", "until", "at")
  values ('session_revoked', old.{session.id}, 0, ms[old.{session.expiresAt}], ms[now]);
end;

create trigger "countersign_session_updated" after update on {session}
begin
  insert into "countersign_feed" ("kind", "subject", "at") values ('session_changed', old.{session.id}, ms[now]);
  insert into "countersign_feed" ("kind", "subject", "since", "until", "at")
  select 'session_revoked', old.{session.id}, ms[new.{session.expiresAt}], ms[old.{session.expiresAt}], ms[now]
  where ms[new.{session.expiresAt}] < ms[old.{session.expiresAt}] and ms[old.{session.expiresAt}] > ms[now];
end;

create trigger "countersign_user_deleted" after delete on {user}
begin
  insert into "countersign_feed" ("kind", "subject", "at") values ('user_changed', old.{user.id}, ms[now]);
  insert into "countersign_feed" ("kind", "subject", "at") values ('user_off', old.{user.id}, ms[now]);
end;

create trigger "countersign_user_updated" after update on {user}
begin
  insert into "countersign_feed" ("kind", "subject", "at") values ('user_changed', old.{user.id}, ms[now]);
  insert into "countersign_feed" ("kind", "subject", "until", "at")
  select 'user_off', old.{user.id}, ms[new.{user.banExpires}], ms[now]
  where new.{user.banned} and (old.{user.banned} is not new.{user.banned}
    or old.{user.banExpires} is not new.{user.banExpires});
  insert into "countersign_feed" ("kind", "subject", "at")
  select 'user_on', old.{user.id}, ms[now] where old.{user.banned} and not coalesce(new.{user.banned}, 0);
end;
