-- The lock is taken when the transaction commits, after all of its row locks: so the order of `seq` is the order of
-- commits, a writer that idles in a transaction delays nobody, and crossing transactions cannot deadlock on it.
create or replace function "countersign_feed_session"() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  if tg_op = 'DELETE' and coalesce(ms[old.{session.expiresAt}] <= ms[now], false) then
    return null;
  end if;
  perform pg_advisory_xact_lock(7165924190215463027);
  if tg_op = 'DELETE' then
    insert into "countersign_feed" ("kind", "subject", "since", "until", "at")
    values ('session_revoked', old.{session.id}, 0, ms[old.{session.expiresAt}], ms[now]);
  else
    insert into "countersign_feed" ("kind", "subject", "at") values ('session_changed', old.{session.id}, ms[now]);
    if ms[new.{session.expiresAt}] < ms[old.{session.expiresAt}] and ms[old.{session.expiresAt}] > ms[now] then
      insert into "countersign_feed" ("kind", "subject", "since", "until", "at")
      values ('session_revoked', old.{session.id}, ms[new.{session.expiresAt}], ms[old.{session.expiresAt}], ms[now]);
    end if;
  end if;
  return null;
end
$$;

create or replace function "countersign_feed_user"() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  perform pg_advisory_xact_lock(7165924190215463027);
  insert into "countersign_feed" ("kind", "subject", "at") values ('user_changed', old.{user.id}, ms[now]);
  if tg_op = 'DELETE' then
    insert into "countersign_feed" ("kind", "subject", "at") values ('user_off', old.{user.id}, ms[now]);
  elsif new.{user.banned} and (old.{user.banned} is distinct from new.{user.banned}
    or old.{user.banExpires} is distinct from new.{user.banExpires}) then
    insert into "countersign_feed" ("kind", "subject", "until", "at")
    values ('user_off', old.{user.id}, ms[new.{user.banExpires}], ms[now]);
  elsif old.{user.banned} and not coalesce(new.{user.banned}, false) then
    insert into "countersign_feed" ("kind", "subject", "at") values ('user_on', old.{user.id}, ms[now]);
  end if;
  return null;
end
$$;

create or replace function "countersign_feed_truncated"() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  perform pg_advisory_xact_lock(7165924190215463027);
  if tg_argv[0] = 'session' then
    insert into "countersign_feed" ("kind", "subject", "since", "until", "at")
    select 'session_revoked', t.{session.id}, 0, ms[t.{session.expiresAt}], ms[now] from {session} as t
    where coalesce(ms[t.{session.expiresAt}] > ms[now], true);
  else
    insert into "countersign_feed" ("kind", "subject", "at") select 'user_changed', t.{user.id}, ms[now] from {user} as t;
    insert into "countersign_feed" ("kind", "subject", "at") select 'user_off', t.{user.id}, ms[now] from {user} as t;
  end if;
  return null;
end
$$;

-- Who listens is told when the transaction has committed, once for all that it wrote.
create or replace function "countersign_feed_written"() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  perform pg_notify('countersign_feed', '');
  return null;
end
$$;

drop trigger if exists "countersign_session_changed" on {session};
drop trigger if exists "countersign_session_truncated" on {session};
drop trigger if exists "countersign_user_changed" on {user};
drop trigger if exists "countersign_user_truncated" on {user};
drop trigger if exists "countersign_feed_written" on "countersign_feed";

create constraint trigger "countersign_session_changed" after update or delete on {session}
deferrable initially deferred for each row execute function "countersign_feed_session"();

create trigger "countersign_session_truncated" before truncate on {session}
for each statement execute function "countersign_feed_truncated"('session');

create constraint trigger "countersign_user_changed" after update or delete on {user}
deferrable initially deferred for each row execute function "countersign_feed_user"();

create trigger "countersign_user_truncated" before truncate on {user}
for each statement execute function "countersign_feed_truncated"('user');

create trigger "countersign_feed_written" after insert on "countersign_feed"
for each statement execute function "countersign_feed_written"();
