-- Four roles: the schema's owner migrates; the one that the service connects as may only become one of the other two.
-- progression_app is held to one account by row-level security; progression_worker sees of all accounts where and when
-- something is due. The passwords are for a database that only this machine reaches.
create role progression_app nologin;
create role progression_worker nologin;
create role progression_owner login password 'owner';
create role progression_service login password 'service' in role progression_app, progression_worker;
alter database progression owner to progression_owner;
