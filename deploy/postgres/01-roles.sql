-- Four roles: the schema's owner migrates; the service's login may only set one of the other two roles. Row-level
-- security restricts progression_app to one account; progression_worker sees of all accounts where and when work is due.
-- The passwords are for a database that only this machine can reach.
create role progression_app nologin;
create role progression_worker nologin;
create role progression_owner login password 'owner';
create role progression_service login password 'service' in role progression_app, progression_worker;
alter database progression owner to progression_owner;
